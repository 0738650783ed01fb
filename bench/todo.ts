import { fill, makePostgres } from './databases.ts'
import { subjectOf } from './issuer.ts'
import { inTurn } from './rounds.ts'
import { CONNECTIONS, GATEHOUSE, KNOWN, SECONDS, type Setup } from './setup.ts'
import { NEW_TODO, TODOS } from './todo-samples.ts'

/** Requests before a row is measured: on a busy machine or disk, V8 needs more than a second to optimize. */
const WARM_UP_TIMES = 20_000
const WARM_UP_SECONDS = 30

/** Cost of one request or statement, and its wall-clock rate. */
export interface Cost {
  cpuMicroseconds: number
  perSecond: number
}

export const DATABASES = ['SQLite', 'PostgreSQL'] as const
export const ROUTES = ['GET /todo', 'POST /todo'] as const
export type Database = (typeof DATABASES)[number]
export type Route = (typeof ROUTES)[number]

export const fromMemory = (route: Route) => `${route}, answered from memory`
export const fromStore = (route: Route, database: Database) => `${route}, ${database}`
export const statementAlone = (route: Route, database: Database) =>
  `statement of ${route} alone, ${database === 'SQLite' ? 'node:sqlite' : 'postgres.js'}`

export interface TodoMeasurements {
  costs: ReadonlyMap<string, readonly Cost[]>
  postgresVersion: string
  wrk: string
  rounds: number
}

/** Measures the cost that the store adds to a request, compared with the bare drivers of both databases. */
export async function measureTodo(setup: Setup, rounds: number): Promise<TodoMeasurements> {
  const postgres = await makePostgres()
  try {
    const urls = { SQLite: `file:${setup.folder}/todo.db`, PostgreSQL: postgres.url }
    await startServers(setup, urls)
    const costs = await inTurn(await makeRows(setup), rounds, ({ measure }) => measure(), isWarm)
    return { costs, postgresVersion: postgres.version, wrk: setup.wrk, rounds }
  } finally {
    await setup.stopServers()
    await postgres.stop()
  }
}

function isWarm(costs: readonly Cost[]): boolean {
  const times = costs.reduce((sum, { perSecond }) => sum + perSecond * SECONDS, 0)
  return times >= WARM_UP_TIMES || costs.length * SECONDS >= WARM_UP_SECONDS
}

async function startServers(setup: Setup, urls: Record<Database, string>) {
  const users = Array.from({ length: 2 * KNOWN }, (_, n) => ({
    issuer: setup.issuer,
    subject: subjectOf(n),
  }))
  const driver = {
    SECONDS: String(SECONDS),
    CONNECTIONS: String(CONNECTIONS),
    READERS: String(KNOWN),
    TITLE: NEW_TODO.title,
    DATE: NEW_TODO.date,
  }
  await setup.start('memory', 'servers/memory.ts', setup.environment, '/todo')
  for (const database of DATABASES) {
    const DATABASE_URL = urls[database]
    await fill(DATABASE_URL, users, KNOWN, TODOS)
    await setup.start(database, GATEHOUSE, { ...setup.environment, DATABASE_URL }, '/todo')
    await setup.start(`${database} alone`, 'servers/driver.ts', { ...driver, DATABASE_URL }, '/')
  }
}

async function makeRows(setup: Setup): Promise<{ name: string; measure: () => Promise<Cost> }[]> {
  const tokens = await setup.makeTokens('RS256', 2 * KNOWN)
  const loads = {
    'GET /todo': { tokens: await setup.writeTokens('readers', tokens.slice(0, KNOWN)) },
    'POST /todo': {
      tokens: await setup.writeTokens('writers', tokens.slice(KNOWN)),
      body: JSON.stringify(NEW_TODO),
    },
  }
  const paths = { 'GET /todo': '/read', 'POST /todo': '/write' }
  const request = async (key: string, route: Route): Promise<Cost> => {
    const { requestsPerCpuSecond, requestsPerSecond } = await setup.load(key, '/todo', loads[route])
    return { cpuMicroseconds: 1e6 / requestsPerCpuSecond, perSecond: requestsPerSecond }
  }
  const statement = async (key: string, route: Route): Promise<Cost> => {
    const response = await fetch(`${setup.urlOf(key)}${paths[route]}`)
    return (await response.json()) as Cost
  }
  return ROUTES.flatMap((route) => [
    { name: fromMemory(route), measure: () => request('memory', route) },
    ...DATABASES.flatMap((database) => [
      { name: fromStore(route, database), measure: () => request(database, route) },
      {
        name: statementAlone(route, database),
        measure: () => statement(`${database} alone`, route),
      },
    ]),
  ])
}
