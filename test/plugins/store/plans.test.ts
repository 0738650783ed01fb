import type { OperationNode, RootOperationNode } from 'kysely'
import t from 'tap'
import type { Store } from '../../../src/plugins/store/schema.ts'
import { listActions } from '../../../src/plugins/store/tables/audit-log.ts'
import { countTodos, findTodo, listTodos } from '../../../src/plugins/store/tables/todos.ts' // part: todos
import { searchUsers } from '../../../src/plugins/store/tables/user-search.ts'
import { listSessions } from '../../../src/plugins/store/tables/user-sessions.ts' // part: web-app
import { findUser, listUsers } from '../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const page = { cursor: 10, limit: 50 }

const queries: Record<string, (store: Store) => Promise<unknown>> = {
  'the list of users': (store) => listUsers(store, issuer, page),
  'the search for users': (store) => searchUsers(store, issuer, 'ada', page),
  'a user': (store) => findUser(store, issuer, 1),
  'the sessions of a user': (store) => listSessions(store, 1, 0), // part: web-app
  'the number of to-dos of a user': (store) => countTodos(store, 1), // part: todos
  'the list of to-dos': (store) => listTodos(store, 1, page), // part: todos
  'a to-do': (store) => findTodo(store, 1, 1), // part: todos
  'the audit log': (store) => listActions(store, issuer, 100, 0),
}

onEachStore(t, 'no query of the pages reads a whole table or sorts one', async (t, store, url) => {
  const isSqlite = url.startsWith('file:')
  for (const [name, query] of Object.entries(queries)) {
    const plan = await (isSqlite ? sqlitePlan(store, query) : postgresPlan(store, query))
    t.match(plan, isSqlite ? /SEARCH/ : /Index/, name)
    t.notMatch(plan, isSqlite ? /SCAN \w+/ : /Seq Scan/, `${name}: ${plan}`)
  }
})

async function sqlitePlan(store: Store, query: (store: Store) => Promise<unknown>): Promise<string> {
  const rows = await explain<{ detail: string }>(store, 'explain query plan', query)
  return rows.map(({ detail }) => detail).join('\n')
}

/** PostgreSQL reads small tables as a whole, unless that is forbidden. */
function postgresPlan(store: Store, query: (store: Store) => Promise<unknown>): Promise<string> {
  return store.transaction().execute(async (transaction) => {
    await transaction.executeQuery({
      ...transaction.selectNoFrom([]).compile(),
      sql: 'set local enable_seqscan = off',
    })
    const rows = await explain<Record<string, string>>(transaction, 'explain', query)
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  })
}

/** Explains the statement that a store function executes. */
async function explain<Row>(
  store: Store,
  command: string,
  query: (store: Store) => Promise<unknown>,
): Promise<Row[]> {
  const nodes: OperationNode[] = []
  const recording = store.withPlugin({
    transformQuery: ({ node }) => {
      nodes.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  })
  await query(recording as Store)
  const compiled = store.getExecutor().compileQuery(nodes[0] as RootOperationNode, { queryId: 'plan' })
  const { rows } = await store.executeQuery<Row>({ ...compiled, sql: `${command} ${compiled.sql}` })
  return rows
}
