import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

const docs = join(import.meta.dirname, '../docs')

/** Prints the text and writes it between the marks of its command in a page of docs. */
export async function writeBetweenMarks(page: string, command: string, text: string): Promise<void> {
  process.stdout.write(`\n${text}\n`)
  const path = join(docs, page)
  const [begin, end] = [`<!-- written by npm run ${command} -->`, `<!-- end of npm run ${command} -->`]
  const [before, rest = ''] = (await readFile(path, 'utf8')).split(begin)
  const [, after] = rest.split(end)
  if (after === undefined) throw new Error(`docs/${page} has no marks of npm run ${command}`)
  await writeFile(path, `${before}${begin}\n\n${text}\n\n${end}${after}`)
}

export async function writePicture(name: string, svg: string): Promise<void> {
  await writeFile(join(docs, name), svg)
}

/** Describes date and machine of a measurement. */
export function describeMachine(): string {
  const [{ model } = { model: 'unknown' }] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${date}, Node ${process.versions.node}, ${cpus().length} cores (${model.trim()}), ${memory} GiB`
}

/** Describes machine and conditions of a measurement. */
export function conditions(wrk: string, rounds: number, seconds: number, connections: number): string {
  return [
    `${describeMachine()}, ${wrk}.`,
    `${rounds} interleaved rounds, ${seconds} s and ${connections} connections per row, log level \`warn\`, one core per server.`,
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
