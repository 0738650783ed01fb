import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { api } from '../dev/tenant/api.ts'
import { generateSigningKey } from '../dev/tenant/signing-key.ts'
import { freePort } from '../test/helpers/free-port.ts'
import { type PostgresServer, startPostgres } from '../test/helpers/postgres-server.ts'
import { webAppAt } from '../test/helpers/web-app.ts'
import { describeMachine, writeBetweenMarks } from './page.ts'
import { requireHaproxy, startBalancer } from './soak/balancer.ts'
import { Children } from './soak/children.ts'
import { faults, type Stage, silentWithdrawal } from './soak/faults.ts'
import { Issuer } from './soak/issuer.ts'
import { Load } from './soak/load.ts'
import { Replica } from './soak/replica.ts'
import { describeFailures, faultTable, type Row } from './soak/report.ts'

/**
 * `npm run soak`: runs two replicas behind a balancer under steady load while their dependencies fail. Prints a table and
 * writes it to docs/resilience.md. Exits 1 when a goal is missed. Takes eight minutes, with `--long` 19. `--only TEXT`
 * runs the faults whose names contain TEXT, and does not write the table.
 */
const { values: options } = parseArgs({ options: { long: { type: 'boolean' }, only: { type: 'string' } } })
const RATE = 300
const WARM_UP_SECONDS = 5
const all = options.long ? [...faults, silentWithdrawal] : faults
const chosen = all.filter(({ name }) => name.includes(options.only ?? ''))
const MIGRATE = join(import.meta.dirname, '../src/migrate.ts')

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
}

try {
  await main()
} catch (error) {
  const { reason } = interruption.signal
  process.stderr.write(`${(reason ?? error).message}\n`)
  process.exitCode = 1
}

async function main() {
  if (chosen.length === 0)
    throw new Error(`--only must be part of one of these names: ${all.map(({ name }) => name).join('; ')}`)
  const haproxy = requireHaproxy()
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-soak-'))
  const children = new Children(folder)
  let isFailed = true
  let database: PostgresServer | undefined
  try {
    database = await startPostgres({ isDurable: true })
    const stage = await setUp(children, folder, database)
    const rows = await walkThrough(stage, database.url)
    await report(rows, haproxy)
    isFailed = process.exitCode === 1
  } finally {
    await children.endAll()
    await database?.stop()
    if (isFailed && !interruption.signal.aborted) process.stderr.write(`The logs are in ${folder}\n`)
    else await rm(folder, { recursive: true })
  }
}

async function setUp(children: Children, folder: string, database: PostgresServer): Promise<Stage> {
  const key = await generateSigningKey()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const issuer = await Issuer.start(children, url, [key])
  const environment = {
    AUTH0_DOMAIN: issuer.url,
    AUTH0_AUDIENCE: api.identifier,
    DATABASE_URL: database.url,
    ...webAppAt(url),
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
  }
  const migration = spawnSync(process.execPath, [MIGRATE], {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
  if (migration.status !== 0) throw new Error(`the migration failed: ${migration.stderr}`)
  const replicas = [
    await Replica.start(children, 'replica-0', environment),
    await Replica.start(children, 'replica-1', environment),
  ] as const
  await startBalancer(
    children,
    folder,
    port,
    replicas.map((replica) => replica.url),
  )
  const load = new Load(children, url, issuer.url, RATE)
  await load.tell({ name: 'useKey', key })
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_SECONDS * 1000))
  return { load, issuer, replicas, database, signal: interruption.signal }
}

async function walkThrough({ load, ...stage }: Stage, databaseUrl: string): Promise<Row[]> {
  const results: Omit<Row, 'lost'>[] = []
  await load.nextPhase() // the warm-up
  for (const fault of chosen) {
    await fault.happen({ load, ...stage })
    const result = await load.nextPhase()
    const note = fault.note?.(result) ?? ''
    process.stdout.write(`${fault.name}: ${describeFailures(result.failures)} failed\n`)
    results.push({ ...result, name: fault.name, goal: fault.goal, isMet: fault.isMet(result), note })
  }
  const kept = await keptTitles(databaseUrl)
  return results.map((result) => {
    const lost = result.acknowledged.filter(({ id, title }) => kept.get(id) !== title).length
    return { ...result, lost }
  })
}

async function keptTitles(databaseUrl: string): Promise<Map<number, string>> {
  const sql = postgres(databaseUrl, { max: 1 })
  const rows = await sql<{ id: string; title: string }[]>`select id, title from todos`
  await sql.end()
  return new Map(rows.map(({ id, title }) => [Number(id), title]))
}

async function report(rows: readonly Row[], haproxy: string): Promise<void> {
  const table = faultTable(rows)
  if (!rows.every(({ isMet, lost }) => isMet && lost === 0)) process.exitCode = 1
  if (options.only !== undefined) return void process.stdout.write(`\n${table}\n`)
  const conditions = `${describeMachine()}, HAProxy ${haproxy}, ${RATE} requests per second.`
  await writeBetweenMarks('resilience.md', 'soak', `${conditions}\n\n${table}`)
}
