import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from './chart.ts'
import { conditions, median, spread, table, writePicture, writeSection } from './page.ts'
import { CONNECTIONS, SECONDS } from './setup.ts'
import type { Starts } from './starts.ts'

export interface Measurements {
  /** Requests for each second of the server's processor time, for each row and round. */
  rates: ReadonlyMap<string, readonly number[]>
  /** p99 in ms of known tokens beside each kind of flood, one for each round. */
  floods: Readonly<Record<'alone' | 'good' | 'kids' | 'forged', readonly number[]>>
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
    floodTable(measured),
    startTable(measured.starts),
  ]
  await writeSection('tokens', parts.join('\n\n'))
  const title = "Requests a second, as a share of bare Fastify's (RS256)"
  const shown = rows.filter(({ name }) => !/ES256|EdDSA/.test(name))
  await writePicture('benchmarks.svg', chart(title, shown))
}

function rateTable(rows: { name: string; rate: number; ratio: number; spread: string }[]): string {
  return table(
    ['route', 'requests per CPU second', 'of bare Fastify', 'lowest - highest'],
    rows.map(({ name, rate, ratio, spread }) => [name, String(Math.round(rate)), ratio.toFixed(2), spread]),
  )
}

/** The best peer of a round is the best of that round. */
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
    ['public route, of bare Fastify', ratio(measured, 'Gatehouse, public route', BARE), 0.8],
    [
      'known tokens, of our public route',
      ratio(measured, 'Gatehouse, known tokens', 'Gatehouse, public route'),
      0.95,
    ],
    ['known tokens, of the best peer', overBest('Gatehouse, known tokens', ', known tokens'), 3],
    ['new tokens, of the best peer', overBest('Gatehouse, new tokens', ', new tokens'), 1],
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

function floodTable({ floods }: Measurements): string {
  const row = (name: string, values: readonly number[]) => [
    name,
    median(values).toFixed(2),
    median(values.map((value, round) => value / (floods.alone[round] ?? Number.NaN))).toFixed(2),
  ]
  return table(
    ['p99 of known tokens on 16 connections', 'ms', 'of alone'],
    [
      row('alone', floods.alone),
      row('beside 16 connections of other known tokens', floods.good),
      row('beside 16 of tokens with an invented kid', floods.kids),
      row('beside 16 of tokens with a forged signature', floods.forged),
    ],
  )
}

function startTable({ readyMs, idleMiB }: Starts): string {
  return table(
    ['process', 'median', 'goal'],
    [
      ['start to first answer, warm compile cache', `${Math.round(median(readyMs))} ms`, 'under 600 ms'],
      ['resident when idle', `${Math.round(median(idleMiB))} MiB`, 'under 120 MB'],
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

/** The median of the ratios within each round: a noisy moment touches both sides of its own round only. */
function ratio(measured: Measurements, name: string, of: string): number {
  return median(rates(measured, name).map((rate, round) => rate / (rates(measured, of)[round] ?? Number.NaN)))
}
