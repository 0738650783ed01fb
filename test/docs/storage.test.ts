import t from 'tap'
import { onEachStore } from '../helpers/database.ts'
import { tableRows } from '../helpers/markdown.ts'

onEachStore(t, 'docs/storage.md lists every table and column, and no other', async (t, store) => {
  const tables = await store.introspection.getTables({ withInternalKyselyTables: true })
  const known = tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`))
  const documented = tableRows('docs/storage.md', 'table', 'column').map(
    ([table, column]) => `${table}.${column}`,
  )
  t.strictSame(documented.sort(), known.sort())
})
