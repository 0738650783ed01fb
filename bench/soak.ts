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
import { type Fault, faults, type Stage, silentWithdrawal } from './soak/faults.ts'
import { Issuer } from './soak/issuer.ts'
import { Load } from './soak/load.ts'
import { MemoryRecorder } from './soak/memory.ts'
import { reportMemory } from './soak/memory-report.ts'
import { combine, type PhaseResult } from './soak/phase.ts'
import { Replica } from './soak/replica.ts'
import { describeFailures, faultTable, type Row } from './soak/report.ts'
import { singleFaults } from './soak/single/faults.ts'
import { runSingleFaults, type SingleRow, singleTable } from './soak/single/run.ts'

/**
 * `npm run soak`: runs two replicas behind a balancer under steady load while their dependencies fail, and then a single
 * process with SQLite whose resources fail. Prints tables and writes them to docs/resilience.md. Exits 1 when a goal is
 * missed. Takes eleven minutes, with `--long` 22. `--only TEXT` runs the faults whose names contain TEXT, and does not
 * write the tables. `--minutes N` repeats the faults that keep the replicas alive for N minutes, and writes the curve of
 * their memory.
 */
const { values: options } = parseArgs({
  options: { long: { type: 'boolean' }, only: { type: 'string' }, minutes: { type: 'string' } },
})
const minutes = Number(options.minutes ?? 0)
const RATE = 300
const WARM_UP_SECONDS = 5
const all = options.long ? [...faults, silentWithdrawal] : faults
const isChosen = ({ name }: { name: string }) => name.includes(options.only ?? '')
const chosen = all.filter((fault) => isChosen(fault) && !(minutes > 0 && fault.restartsReplicas))
const chosenSingle = minutes > 0 ? [] : singleFaults.filter(isChosen)
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
  if (!(minutes >= 0)) throw new Error('--minutes must be a number')
  if (chosen.length + chosenSingle.length === 0) {
    const names = [...all, ...singleFaults].map(({ name }) => name)
    throw new Error(`--only must be part of one of these names: ${names.join('; ')}`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-soak-'))
  const children = new Children(folder)
  let isFailed = true
  try {
    const { rows, haproxy } =
      chosen.length > 0 ? await runReplicas(children, folder) : { rows: [], haproxy: '' }
    const singleRows = await runSingleFaults(children, folder, chosenSingle, interruption.signal)
    if (minutes === 0) await report(rows, singleRows, haproxy)
    isFailed = process.exitCode === 1
  } finally {
    await children.endAll()
    if (isFailed && !interruption.signal.aborted) process.stderr.write(`The logs are in ${folder}\n`)
    else await rm(folder, { recursive: true })
  }
}

async function runReplicas(children: Children, folder: string): Promise<{ rows: Row[]; haproxy: string }> {
  const haproxy = requireHaproxy()
  const database = await startPostgres({ isDurable: true })
  try {
    const stage = await setUp(children, folder, database)
    const memory = new MemoryRecorder(
      stage.replicas.map(({ pid }, index) => ({ name: `replica ${index}`, pid })),
    )
    const rows = await walkThrough(stage, database.url).finally(() => memory.stop())
    if (minutes > 0) await reportMemory(memory.series, rows, `${RATE} requests per second`)
    return { rows, haproxy }
  } finally {
    await children.endAll()
    await database.stop()
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
  const results = new Map<Fault, PhaseResult[]>()
  await load.nextPhase() // the warm-up
  for (const fault of repeated(chosen)) {
    await fault.happen({ load, ...stage })
    const result = await load.nextPhase()
    process.stdout.write(`${fault.name}: ${describeFailures(result.failures)} failed\n`)
    results.set(fault, [...(results.get(fault) ?? []), result])
  }
  const kept = await keptTitles(databaseUrl)
  return [...results].map(([fault, phases]) => {
    const result = combine(phases)
    const lost = result.acknowledged.filter(({ id, title }) => kept.get(id) !== title).length
    const { name, goal } = fault
    return { ...result, name, goal, isMet: fault.isMet(result), note: fault.note?.(result) ?? '', lost }
  })
}

/** Yields each fault once, or with `--minutes` again and again. */
function* repeated(faults: readonly Fault[]): Generator<Fault> {
  const endsAt = performance.now() + minutes * 60_000
  do {
    for (const fault of faults) if (minutes === 0 || performance.now() < endsAt) yield fault
  } while (performance.now() < endsAt)
}

async function keptTitles(databaseUrl: string): Promise<Map<number, string>> {
  const sql = postgres(databaseUrl, { max: 1 })
  const rows = await sql<{ id: string; title: string }[]>`select id, title from todos`
  await sql.end()
  return new Map(rows.map(({ id, title }) => [Number(id), title]))
}

async function report(rows: readonly Row[], singleRows: readonly SingleRow[], haproxy: string) {
  const tables = [faultTable(rows), singleTable(singleRows)]
  if (![...rows, ...singleRows].every(({ isMet, lost }) => isMet && lost === 0)) process.exitCode = 1
  if (options.only !== undefined) return void process.stdout.write(`\n${tables.join('\n\n')}\n`)
  const conditions = `${describeMachine()}, HAProxy ${haproxy}, ${RATE} requests per second.`
  const single = 'A single process with SQLite, without a balancer, each fault with a new process:'
  await writeBetweenMarks('resilience.md', 'soak', [conditions, tables[0], single, tables[1]].join('\n\n'))
}
