import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withForgedSignatures, withRandomKids } from './issuer.ts'
import { type Figures, LOAD_CORE } from './load.ts'
import { describeMachine, median, table, writeBetweenMarks } from './page.ts'
import { inTurn } from './rounds.ts'
import { GATEHOUSE, KNOWN, Setup } from './setup.ts'

/**
 * `npm run abuse`: measures the p99 of a well-behaved client during each kind of abuse. Requires Linux, two cores, wrk.
 * `--only TEXT` measures the kinds whose names contain TEXT, and does not write the table.
 */
const { values: options } = parseArgs({ options: { only: { type: 'string' } } })
const ROUNDS = 7
const SECONDS = 2
/** Time for the server to close the abuser's connections. */
const SETTLE_MS = 1_000
const CONNECTIONS = 16
const FLOOD_TOKENS = 10_000

const floods = {
  'other known tokens, for comparison': 'known',
  'tokens with an invented kid': 'kids',
  'tokens with a forged signature': 'forged',
} as const
const misuses = {
  'tokens of 14 KB': 'long-tokens',
  '2,000 headers': 'header-floods',
  'a length and chunks at once': 'two-readings',
  'bodies with a declared length of 9 GB': 'oversize',
  'JSON nested 30,000 deep': 'deep-json',
  'JSON of 5,000 fields': 'many-fields',
  '2,000 idle connections': 'idle',
  '500 connections with slow headers': 'slow-headers',
  '500 connections with slow bodies': 'slow-bodies',
  '20 connections a second, each with 50 requests for the largest file, unread': 'unread-files',
  '4 connections a second, each with 1,300 requests for `/openapi.json`, unread': 'unread-documents',
}

interface Row {
  name: string
  measure: () => Promise<Figures>
}

const ALONE = 'none'

const setup = await Setup.make()
try {
  await report(await measure())
} finally {
  await setup.close()
}

async function measure(): Promise<Map<string, Figures[]>> {
  const tokens = await setup.makeTokens('RS256', FLOOD_TOKENS)
  const files = {
    good: await setup.writeTokens('good', tokens.slice(0, KNOWN)),
    known: await setup.writeTokens('known', tokens.slice(KNOWN, 2 * KNOWN)),
    kids: await setup.writeTokens('kids', withRandomKids(tokens)),
    forged: await setup.writeTokens('forged', withForgedSignatures(tokens)),
  }
  await setup.start('service', GATEHOUSE, setup.environment, '/livez')
  const send = (tokens: string) =>
    setup.load('service', '/api/private', {
      tokens,
      seconds: SECONDS,
      connections: CONNECTIONS,
      allowsRejections: true, // of valid requests too: 503 when overloaded
    })
  const good = () => send(files.good)
  const rows: Row[] = [
    { name: ALONE, measure: good },
    ...Object.entries(floods).map(([name, file]) => ({
      name: `${CONNECTIONS} connections of ${name}`,
      measure: async () => {
        const [figures] = await Promise.all([good(), send(files[file])])
        return figures
      },
    })),
    ...Object.entries(misuses).map(([name, kind]) => ({
      name,
      measure: () => beside(kind, setup.urlOf('service'), tokens[0] as string, good),
    })),
  ]
  const chosen = rows.filter(({ name }) => name === ALONE || name.includes(options.only ?? ''))
  return inTurn(chosen, ROUNDS, async ({ measure }) => {
    const figures = await measure()
    await delay(SETTLE_MS)
    return figures
  })
}

/** Measures while an abuser runs. */
async function beside(kind: string, url: string, token: string, measure: Row['measure']) {
  const script = join(import.meta.dirname, 'abuser.ts')
  const abuser = spawn('taskset', ['-c', LOAD_CORE, process.execPath, script, kind, url, token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(abuser, 'exit')
  try {
    await Promise.race([
      once(abuser.stdout, 'data'),
      exit.then(() => Promise.reject(new Error(`${kind} has ended`))),
    ])
    return await measure()
  } finally {
    abuser.kill()
    await exit
  }
}

async function report(figures: ReadonlyMap<string, readonly Figures[]>) {
  const alone = figures.get(ALONE) ?? []
  const rows = [...figures].map(([name, values]) => [
    name,
    median(values.map(({ p99Ms }) => p99Ms)).toFixed(1),
    median(values.map(({ p99Ms }, round) => p99Ms / (alone[round]?.p99Ms ?? Number.NaN))).toFixed(2),
    median(values.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0),
    `${((100 * values.reduce((sum, { rejected }) => sum + rejected, 0)) / values.length).toFixed(1)} %`,
  ])
  const measured = table(
    ['abuse', 'p99 in ms', 'ratio', 'requests per second', 'rejected as overloaded'],
    rows,
  )
  if (options.only !== undefined) return void process.stdout.write(`\n${measured}\n`)
  const conditions = `${describeMachine()}, ${setup.wrk}, ${ROUNDS} rounds of ${SECONDS} s.`
  await writeBetweenMarks('resilience.md', 'abuse', `${conditions}\n\n${measured}`)
}
