import { describeMachine, table, writeBetweenMarks, writePicture } from '../page.ts'
import { curve } from './curve.ts'
import { judge, MAX_GROWTH, type Series } from './memory.ts'
import type { Row } from './report.ts'

const PICTURE = 'resilience-memory.svg'

/** Writes the curve and its verdict to docs/resilience.md. Sets the exit code if the memory has grown, or a fault missed its goal. */
export async function reportMemory(
  series: readonly Series[],
  rows: readonly Row[],
  load: string,
): Promise<void> {
  const verdicts = series.map(judge)
  const isMet = verdicts.every(({ isMet }) => isMet) && rows.every(({ isMet, lost }) => isMet && lost === 0)
  if (!isMet) process.exitCode = 1
  const minutes = Math.round(Math.max(...series.map(({ mib }) => mib.length)) / 60)
  const title = `Resident size of two replicas, ${minutes} minutes under load and faults`
  await writePicture(PICTURE, curve(title, series))
  const percent = Math.round((MAX_GROWTH - 1) * 100)
  const lines = verdicts.map(({ name, referenceMib, endMib, isMet }) => [
    name,
    `${Math.round(referenceMib)} MiB`,
    `${Math.round(endMib)} MiB`,
    `${(100 * (endMib / referenceMib - 1)).toFixed(1)} %`,
    isMet ? 'yes' : '**no**',
  ])
  const compared = minutes >= 10 ? 'minute 5' : 'half of the time'
  const faults = rows.map(
    ({ name, isMet, lost }) => `${name} (${isMet && lost === 0 ? 'met' : '**missed**'})`,
  )
  const text = [
    `${describeMachine()}, ${load}, ${minutes} minutes. Faults in turn, and their goals: ${faults.join('; ')}.`,
    `![${title}](${PICTURE})`,
    table(['process', `at ${compared}`, 'at the end', 'growth', `at most ${percent} %`], lines),
  ].join('\n\n')
  await writeBetweenMarks('resilience.md', 'soak -- --minutes', text)
}
