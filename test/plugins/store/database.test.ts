import { existsSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import t from 'tap'
import { ConfigError } from '../../../src/errors/config-error.ts'
import { openForMigration, openStore } from '../../../src/plugins/store/database.ts'
import { missingMigrations } from '../../../src/plugins/store/migrate.ts'
import { recordVisit } from '../../../src/plugins/store/tables/users.ts'
import { onEachDatabase } from '../../helpers/database.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }

t.test('DATABASE_URL accepts a relative path, an absolute path and a file URL', async (t) => {
  const path = `${t.testdir()}/a b.db`
  for (const url of [`file:${relative('.', path)}`, `file:${path}`, pathToFileURL(path).href]) {
    const store = await openStore(url)
    t.match((await recordVisit(store, ada, 0)).user, { id: 1 }, url)
    await store.destroy()
  }
  t.ok(existsSync(path))
})

t.test('an in-memory database ends when it is closed', async (t) => {
  for (let round = 0; round < 2; round++) {
    const store = await openStore('file::memory:')
    t.match((await recordVisit(store, ada, 0)).user, { id: 1, createdAt: '1970-01-01T00:00:00.000Z' })
    await store.destroy()
  }
  t.notOk(existsSync(':memory:'))
})

t.test('an unusable file is a ConfigError that names the file', async (t) => {
  const folder = t.testdir({ 'letter.txt': 'x'.repeat(2000) })
  for (const [path, message] of [
    [folder, /unable to open database file/],
    [`${folder}/letter.txt`, /file is not a database/],
    [`${folder}/letter.txt/x.db`, /unable to open database file/],
  ] as const) {
    const error = await openStore(`file:${path}`).catch((error) => error)
    t.type(error, ConfigError)
    t.match(error.faults, [new RegExp(`^DATABASE_URL names ${path}: `)])
    t.match(error.message, message)
  }
  writeFileSync(`${folder}/empty.db`, '')
  await (await openStore(`file:${folder}/empty.db`)).destroy()
})

t.test('a file of a later version is a ConfigError', async (t) => {
  const url = `file:${t.testdir()}/test.db`
  const store = await openStore(url)
  await sql`insert into kysely_migration values ('9999-later', '2999-01-01T00:00:00.000Z')`.execute(store)
  await store.destroy()
  await t.rejects(openStore(url), { name: 'ConfigError', message: /9999-later is missing/ })
})

t.test('opening migrates SQLite, and does not contact PostgreSQL', async (t) => {
  const file = await openStore(`file:${t.testdir()}/test.db`)
  t.strictSame(await missingMigrations(file), [])
  await file.destroy()
  const nowhere = await openStore('postgres://user@127.0.0.1:1/none')
  await t.rejects(recordVisit(nowhere, ada, 0), {
    code: 'store_unavailable',
    cause: { code: 'ECONNREFUSED' },
  })
  await nowhere.destroy()
})

onEachDatabase(t, 'opening for migration does not migrate', async (t, url) => {
  const store = await openForMigration(url)
  t.not((await missingMigrations(store)).length, 0)
  await store.destroy()
})
