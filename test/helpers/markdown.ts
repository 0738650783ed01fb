import { readFileSync } from 'node:fs'

const root = `${import.meta.dirname}/../..`

export function readDocument(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8')
}

/** Returns the rows of the table whose header begins with the given cells, as cells without backticks. */
export function tableRows(path: string, ...header: string[]): string[][] {
  const lines = readDocument(path).split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${header.join(' | ')} |`))
  if (start === -1) throw new Error(`${path} has no table ${header.join(', ')}`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end === -1 ? undefined : end).map(toCells)
}

function toCells(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''))
}
