import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../test/helpers/free-port.ts'
import { cpuSeconds } from '../test/helpers/process-figures.ts'
import { AUDIENCE, startIssuer } from './issuer.ts'
import { requireWrk } from './load.ts'
import { describeMachine, median, table, writeBetweenMarks } from './page.ts'
import { requireHaproxy, startBalancer } from './soak/balancer.ts'
import { Children } from './soak/children.ts'
import { Replica } from './soak/replica.ts'

/**
 * `npm run scale`: compares one core with one replica and its load with two cores, two replicas and their load, directly
 * and behind the balancer, in turn. Prints rates and writes them to docs/scaling.md. Exits 1 when two replicas serve less
 * than 1.7 times as much as one. Requires Linux, two cores and two minutes.
 */
const ROUNDS = 9
const SECONDS = 2
/** Connections for each replica, so the load grows with the replicas. */
const CONNECTIONS = 32
const GOAL = 1.7

interface Figures {
  /** Requests per second, wall clock. */
  rate: number
  /** Throughput with one core for each replica: requests per second of processor time, summed over the replicas. */
  carried: number
  /** The same for the balancer; NaN without one. */
  balanced: number
}

/** Called URLs and the replicas behind them. */
interface Target {
  name: string
  urls: readonly string[]
  replicas: readonly Replica[]
  balancer?: { pid: number }
  /** CPU list for taskset. */
  cores: string
}

const run = promisify(execFile)
const haproxy = requireHaproxy()
const wrk = await requireWrk()
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-scale-'))
const children = new Children(folder)
const { issuer, makeTokens, close } = await startIssuer()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  await main()
} finally {
  await children.endAll()
  close()
  await rm(folder, { recursive: true })
}

async function main() {
  const [token = ''] = await makeTokens('RS256', 1)
  const targets = await start()
  const figures = new Map<string, Figures[]>(targets.map(({ name }) => [name, []]))
  for (let round = -1; round < ROUNDS; round++) {
    // Round -1 warms up
    for (const target of targets) {
      const measured = await measure(target, token)
      if (round >= 0) figures.get(target.name)?.push(measured)
    }
    process.stdout.write(round < 0 ? 'warmed up\n' : `round ${round + 1} of ${ROUNDS}\n`)
  }
  await report(figures)
}

async function start(): Promise<Target[]> {
  const environment = { AUTH0_DOMAIN: issuer, AUTH0_AUDIENCE: AUDIENCE, DATABASE_URL: 'file::memory:' }
  const one = await Replica.start(children, 'replica-0', environment)
  const other = await Replica.start(children, 'replica-1', environment)
  const before = await startBalancer(children, folder, await freePort(), [one.url])
  const beforeBoth = await startBalancer(children, folder, await freePort(), [one.url, other.url])
  await keepTo('0', one.pid)
  await keepTo('1', other.pid)
  await keepTo('0', before.pid)
  return [
    { name: 'one replica', urls: [one.url], replicas: [one], cores: '0' },
    { name: 'two replicas', urls: [one.url, other.url], replicas: [one, other], cores: '0,1' },
    { name: 'one behind the balancer', urls: [before.url], replicas: [one], balancer: before, cores: '0' },
    {
      name: 'two behind the balancer',
      urls: [beforeBoth.url],
      replicas: [one, other],
      balancer: beforeBoth,
      cores: '0,1',
    },
  ]
}

async function measure({ urls, replicas, balancer, cores }: Target, token: string): Promise<Figures> {
  const used = (processes: readonly { pid: number }[]) => sum(processes.map(({ pid }) => cpuSeconds(pid)))
  const read = () => [used(replicas), used(balancer ? [balancer] : [])] as const
  const [replicasBefore, balancerBefore] = read()
  // Without a balancer, the load of each replica runs on its core; with one, a single load runs on all cores
  const loads = await Promise.all(
    urls.map((url, n) =>
      load(url, token, replicas.length / urls.length, urls.length > 1 ? String(n) : cores),
    ),
  )
  const [replicasAfter, balancerAfter] = read()
  const requests = sum(loads.map((each) => each.requests))
  return {
    rate: sum(loads.map(({ rate }) => rate)),
    carried: (requests / (replicasAfter - replicasBefore)) * replicas.length,
    balanced: balancer ? requests / (balancerAfter - balancerBefore) : Number.NaN,
  }
}

/** Sends a single token by a fixed header, since building requests would use the measured cores. */
async function load(url: string, token: string, share: number, cores: string) {
  const size = [`-t${share}`, `-c${CONNECTIONS * share}`, `-d${SECONDS}s`]
  const args = ['-c', cores, 'wrk', ...size, '-H', `Authorization: Bearer ${token}`, `${url}/api/private`]
  const { stdout } = await run('taskset', args)
  if (/Non-2xx/.test(stdout)) throw new Error(`${url} rejected requests`)
  const figure = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1])
  return { requests: figure(/(\d+) requests in/), rate: figure(/Requests\/sec:\s+([\d.]+)/) }
}

async function keepTo(core: string, pid: number): Promise<void> {
  await run('taskset', ['-acp', core, String(pid)])
}

async function report(figures: ReadonlyMap<string, readonly Figures[]>): Promise<void> {
  const values = (name: string, figure: keyof Figures) =>
    (figures.get(name) ?? []).map((each) => each[figure])
  const row = (name: string) => [
    name,
    ...(['rate', 'carried', 'balanced'] as const).map((figure) => round(median(values(name, figure)))),
  ]
  // The median of the ratios within the rounds: noise affects both sides of its own round only
  const factor = (two: string, one: string, figure: keyof Figures) =>
    median(values(two, figure).map((value, round) => value / (values(one, figure)[round] ?? 0)))
  const factors = [
    ['directly', 'two replicas', 'one replica'],
    ['behind the balancer', 'two behind the balancer', 'one behind the balancer'],
  ].map(([place = '', two = '', one = '']) => ({
    place,
    carried: factor(two, one, 'carried'),
    rate: factor(two, one, 'rate'),
  }))
  const text = [
    `${describeMachine()}, HAProxy ${haproxy}, ${wrk}; ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections for each replica.`,
    table(
      ['known token, requests a second', 'by the clock', 'replicas with a core each', 'balancer with a core'],
      [...figures.keys()].map(row),
    ),
    table(
      ['two replicas, of one', 'with a core each', 'goal', 'met', 'by the clock'],
      factors.map(({ place, carried, rate }) => [
        place,
        carried.toFixed(2),
        `at least ${GOAL}`,
        carried >= GOAL ? 'yes' : '**no**',
        rate.toFixed(2),
      ]),
    ),
  ].join('\n\n')
  await writeBetweenMarks('scaling.md', 'scale', text)
  if (factors.some(({ carried }) => carried < GOAL)) process.exitCode = 1
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

function round(value: number): string {
  return Number.isNaN(value) ? '' : String(Math.round(value))
}
