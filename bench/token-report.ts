import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from './chart.ts'
import { conditions, median, spread, table, writeBetweenMarks, writePicture } from './page.ts'
import { CONNECTIONS, SECONDS } from './setup.ts'
import type { Starts } from './starts.ts'

export interface Measurements {
  /** Requests per second of the server's processor time, for each row and round. */
  rates: ReadonlyMap<string, readonly number[]>
  starts: Starts
  wrk: string
  rounds: number
}

const BARE = 'Fastify, no authentication'

export async function writeTokenReport(measured: Measurements): Promise<void> {
  const rows = [...measured.rates].map(([name, rates]) => ({
    name,
    rate: median(rates),
    ratio: ratio(measured, name, BARE),
    spread: spread(rates),
  }))
  const parts = [
    `${conditions(measured.wrk, measured.rounds, SECONDS, CONNECTIONS)}\n${await versions()}`,
    rateTable(rows),
    goalTable(measured),
    startTable(measured.starts),
  ]
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=tokens', parts.join('\n\n'))
  const title = 'Requests per second, relative to bare Fastify (RS256)'
  const shown = rows.filter(({ name }) => !/ES256|EdDSA/.test(name))
  await writePicture('benchmarks.svg', chart(title, shown))
}

function rateTable(rows: { name: string; rate: number; ratio: number; spread: string }[]): string {
  return table(
    ['route', 'requests per CPU second', 'relative to bare Fastify', 'lowest - highest'],
    rows.map(({ name, rate, ratio, spread }) => [name, String(Math.round(rate)), ratio.toFixed(2), spread]),
  )
}

/** Compares with the best peer of each round. */
function goalTable(measured: Measurements): string {
  const peers = (kind: string) =>
    [...measured.rates.keys()].filter((name) => name.endsWith(kind) && !name.startsWith('Gatehouse'))
  const overBest = (ours: string, kind: string) =>
    median(
      rates(measured, ours).map(
        (rate, round) => rate / Math.max(...peers(kind).map((name) => rates(measured, name)[round] ?? 0)),
      ),
    )
  const goals: [string, number, number][] = [
    ['public route / bare Fastify', ratio(measured, 'Gatehouse, public route', BARE), 0.8],
    [
      'known tokens / public route',
      ratio(measured, 'Gatehouse, known tokens', 'Gatehouse, public route'),
      0.95,
    ],
    ['known tokens / best peer', overBest('Gatehouse, known tokens', ', known tokens'), 3],
    ['new tokens / best peer', overBest('Gatehouse, new tokens', ', new tokens'), 1],
  ]
  return table(
    ['ratio (median of the rounds)', 'measured', 'goal', 'met'],
    goals.map(([name, value, goal]) => [
      name,
      value.toFixed(2),
      `at least ${goal}`,
      value >= goal ? 'yes' : 'no',
    ]),
  )
}

function startTable({ readyMs, idleMB }: Starts): string {
  const row = (name: string, values: readonly number[], unit: string, goal: number) => {
    const value = median(values)
    return [name, `${Math.round(value)} ${unit}`, `under ${goal} ${unit}`, value < goal ? 'yes' : 'no']
  }
  return table(
    ['process', 'median', 'goal', 'met'],
    [
      row('start to first answer, warm compile cache', readyMs, 'ms', 600),
      row('resident when idle', idleMB, 'MB', 120),
    ],
  )
}

async function versions(): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8'))
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
  return `${versions.join(', ')}.`
}

function rates(measured: Measurements, name: string): readonly number[] {
  return measured.rates.get(name) ?? []
}

/** Median of the ratios within each round: noise affects both sides of its own round only. */
function ratio(measured: Measurements, name: string, of: string): number {
  return median(rates(measured, name).map((rate, round) => rate / (rates(measured, of)[round] ?? Number.NaN)))
}
