import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'

const docs = join(import.meta.dirname, '../docs')

/** Prints the text and puts it in its place in docs/benchmarks.md; what is written by hand around it stays. */
export async function writeSection(name: string, text: string): Promise<void> {
  process.stdout.write(`\n${text}\n`)
  const page = join(docs, 'benchmarks.md')
  const before = await readFile(page, 'utf8')
  const place = new RegExp(`(<!-- written by npm run bench -- --only=${name} -->\n).*?(<!-- end -->)`, 's')
  if (!place.test(before)) throw new Error(`${page} has no place for what --only=${name} writes`)
  await writeFile(
    page,
    before.replace(place, (_, begin, end) => `${begin}\n${text}\n\n${end}`),
  )
}

export async function writePicture(name: string, svg: string): Promise<void> {
  await writeFile(join(docs, name), svg)
}

/** When, on what and how it was measured. */
export function conditions(wrk: string, rounds: number, seconds: number, connections: number): string {
  const [{ model } = { model: 'unknown' }] = cpus()
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores (${model.trim()}), ${wrk}.`,
    `${rounds} rounds in turn, ${seconds} s and ${connections} connections for each row, logs at \`warn\`, each server on one core.`,
  ].join('\n')
}

export function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}

export function spread(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))} - ${Math.round(Math.max(...values))}`
}
