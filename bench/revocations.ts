import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AUDIENCE } from './issuer.ts'
import { describeMachine, median, spread, table, writeBetweenMarks } from './page.ts'
import { IMAGE_FLAGS, type Setup } from './setup.ts'

export interface RevocationFigures {
  /** Heap of 100,000 entries. */
  listMB: number
  fillMs: number
  /** Verification of a known token in each round, with an empty and with a full list. */
  emptyNs: number[]
  fullNs: number[]
  /** First verification after an addition. */
  firstUs: number[]
}

/** Measures the memory of 100,000 revocations and what they add to the verification of a known token. */
export async function measureRevocations(setup: Setup): Promise<void> {
  const [token] = await setup.makeTokens('RS256', 1)
  const command = [...IMAGE_FLAGS, '--expose-gc', join(import.meta.dirname, 'revocations-process.ts')]
  const env = { ...process.env, ISSUER: setup.issuer, AUDIENCE, TOKEN: token }
  const { stdout } = await promisify(execFile)(process.execPath, command, { env })
  const { listMB, fillMs, emptyNs, fullNs, firstUs } = JSON.parse(stdout) as RevocationFigures
  const difference = fullNs.map((full, round) => full - (emptyNs[round] as number))
  const row = (name: string, values: readonly number[], unit: string) => [
    name,
    `${Math.round(median(values))} ${unit}`,
    spread(values),
  ]
  const rows = [
    row('a known token, empty list', emptyNs, 'ns'),
    row('a known token, 100,000 revocations', fullNs, 'ns'),
    row('difference within a round', difference, 'ns'),
    row('the first use of a known token after an addition', firstUs, 'us'),
    ['heap of 100,000 revocations', `${listMB.toFixed(1)} MB`, ''],
    ['hashing and adding them', `${Math.round(fillMs)} ms`, ''],
  ]
  const text = `${describeMachine()}; ${emptyNs.length} rounds in turn.`
  const figures = table(['measure', 'median', 'lowest - highest'], rows)
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=revocations', `${text}\n\n${figures}`)
}
