import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openForMigration, openStore } from '../src/plugins/store/database.ts'
import { migrateToLatest } from '../src/plugins/store/migrate.ts'
import type { Store } from '../src/plugins/store/schema.ts'
import { countTodos, listTodos } from '../src/plugins/store/tables/todos.ts'
import { searchUsers } from '../src/plugins/store/tables/user-search.ts'
import { listSessions } from '../src/plugins/store/tables/user-sessions.ts'
import { findUser, listUsers } from '../src/plugins/store/tables/users.ts'
import { startPostgres } from '../test/helpers/postgres-server.ts'

/**
 * `node bench/pages.ts`: fills a SQLite file and PostgreSQL with 100,000 users and 1,000,000 to-dos, and prints the time of
 * each query of the pages in milliseconds: the median and the slowest of 50.
 */
const USERS = 100_000
const TODOS_PER_USER = 10
const ROWS = 500
const ROUNDS = 50
const issuer = 'https://issuer.test/'
const created = new Date().toISOString()

const middle = { cursor: USERS / 2, limit: 50 }
const first = { cursor: 0, limit: 50 }
const queries: Record<string, (store: Store) => Promise<unknown>> = {
  'list of users, first page': (store) => listUsers(store, issuer, first),
  'list of users, in the middle': (store) => listUsers(store, issuer, middle),
  'list of users of an issuer without users': (store) => listUsers(store, 'https://other.test/', first),
  'search that finds one user': (store) => searchUsers(store, issuer, 'user-77777@', first),
  'search that finds 1,111 users': (store) => searchUsers(store, issuer, 'user-77', first),
  'search that finds all users': (store) => searchUsers(store, issuer, 'u', first),
  'search that finds no user': (store) => searchUsers(store, issuer, 'zzz', first),
  'page of a user': (store) =>
    Promise.all([findUser(store, issuer, 777), listSessions(store, 777, Date.now()), countTodos(store, 777)]),
  'list of to-dos': (store) => listTodos(store, 777, first),
}

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'))
const server = await startPostgres()
try {
  await measure('SQLite', `file:${folder}/pages.db`)
  await measure('PostgreSQL', server.url)
} finally {
  await server.stop()
  rmSync(folder, { recursive: true })
}

async function measure(database: string, url: string): Promise<void> {
  const migrating = await openForMigration(url)
  await migrateToLatest(migrating)
  await migrating.destroy()
  const store = await openStore(url)
  await fill(store)
  for (const [name, query] of Object.entries(queries)) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      await query(store)
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    const [median, slowest] = [times[ROUNDS / 2], times.at(-1)].map((time) => time?.toFixed(1))
    process.stdout.write(`${database}, ${name}: ${median}, at most ${slowest}\n`)
  }
  await store.destroy()
}

async function fill(store: Store): Promise<void> {
  for (let start = 1; start <= USERS; start += ROWS) {
    const users = Array.from({ length: ROWS }, (_, index) => {
      const id = start + index
      const email = `user-${id}@example.com`
      return { issuer, subject: `auth0|${id}`, email, name: `User ${id}`, created_at: created }
    })
    const todos = users.flatMap((_, index) =>
      Array.from({ length: TODOS_PER_USER }, (_, number) => ({
        user_id: start + index,
        title: `to-do ${number}`,
        date: '2026-11-21',
      })),
    )
    await store.transaction().execute(async (transaction) => {
      await transaction.insertInto('users').values(users).execute()
      await transaction.insertInto('todos').values(todos).execute()
    })
  }
}
