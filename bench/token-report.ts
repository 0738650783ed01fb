import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from './chart.ts'
import type { Figures } from './load.ts'
import { conditions, median, spread, table, writeBetweenMarks, writePicture } from './page.ts'
import { CONNECTIONS, SECONDS } from './setup.ts'

export interface Measurements {
  /** For each row and round. */
  figures: ReadonlyMap<string, readonly Figures[]>
  wrk: string
  rounds: number
}

const BARE = 'Fastify, no authentication'
const HELMET = 'Fastify with helmet and cors'

type Rate = 'requestsPerCpuSecond' | 'requestsPerSecond'

export async function writeTokenReport(measured: Measurements): Promise<void> {
  const parts = [
    `${conditions(measured.wrk, measured.rounds, SECONDS, CONNECTIONS)}\n${await versions()}`,
    rateTable(measured),
    goalTable(measured),
  ]
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=tokens', parts.join('\n\n'))
  const title = 'Requests per second of processor time, relative to bare Fastify (RS256)'
  const shown = [...measured.figures.keys()]
    .filter((name) => !/ES256|EdDSA/.test(name))
    .map((name) => ({ name, ratio: ratio(measured, 'requestsPerCpuSecond', name, BARE) }))
  await writePicture('benchmarks.svg', chart(title, shown))
}

function rateTable(measured: Measurements): string {
  const rows = [...measured.figures.keys()].map((name) => {
    const [cpu, clock] = [
      rates(measured, 'requestsPerCpuSecond', name),
      rates(measured, 'requestsPerSecond', name),
    ]
    const relative = ratio(measured, 'requestsPerCpuSecond', name, BARE)
    return [
      name,
      `${Math.round(median(cpu))}`,
      relative.toFixed(2),
      spread(cpu),
      `${Math.round(median(clock))}`,
    ]
  })
  const header = ['requests per CPU second', 'relative to bare Fastify', 'lowest - highest', 'per second']
  return table(['route', ...header], rows)
}

/** Goals by processor time and by the clock. "Best peer" is the best one of each round. */
function goalTable(measured: Measurements): string {
  const overBest = (rate: Rate, kind: string) => {
    const peers = [...measured.figures.keys()].filter(
      (name) => name.endsWith(kind) && !/^(Gatehouse|Smallest)/.test(name),
    )
    const ours = rates(measured, rate, `Gatehouse${kind}`)
    const best = (round: number) => Math.max(...peers.map((name) => rates(measured, rate, name)[round] ?? 0))
    return median(ours.map((value, round) => value / best(round)))
  }
  const publicRoute = 'Gatehouse, public route'
  const goals: [string, number, (rate: Rate) => number][] = [
    ['public route / bare Fastify', 0.75, (rate) => ratio(measured, rate, publicRoute, BARE)],
    [
      'public route / Fastify with helmet and cors',
      1.3,
      (rate) => ratio(measured, rate, publicRoute, HELMET),
    ],
    [
      'known tokens / public route',
      0.92,
      (rate) => ratio(measured, rate, 'Gatehouse, known tokens', publicRoute),
    ],
    ['known tokens / best peer', 2.8, (rate) => overBest(rate, ', known tokens')],
    ['new tokens / best peer', 1.25, (rate) => overBest(rate, ', new tokens')],
    [
      'new tokens / smallest possible hook',
      0.85,
      (rate) => ratio(measured, rate, 'Gatehouse, new tokens', 'Smallest possible hook, new tokens'),
    ],
  ]
  return table(
    ['ratio (median of the rounds)', 'goal', 'by processor time', 'met', 'by the clock', 'met'],
    goals.map(([name, goal, measure]) => {
      const cells = (['requestsPerCpuSecond', 'requestsPerSecond'] as const).flatMap((rate) => {
        const value = measure(rate)
        return [value.toFixed(2), value >= goal ? 'yes' : 'no']
      })
      return [name, `at least ${goal}`, ...cells]
    }),
  )
}

async function versions(): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8'))
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
  return `${versions.join(', ')}.`
}

function rates({ figures }: Measurements, rate: Rate, name: string): readonly number[] {
  return (figures.get(name) ?? []).map((figure) => figure[rate])
}

/** Median of the ratios within each round: noise affects both sides of its own round only. */
function ratio(measured: Measurements, rate: Rate, name: string, of: string): number {
  const others = rates(measured, rate, of)
  return median(rates(measured, rate, name).map((value, round) => value / (others[round] ?? Number.NaN)))
}
