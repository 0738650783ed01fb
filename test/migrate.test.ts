import { execFile } from 'node:child_process'
import t from 'tap'
import { openStore } from '../src/plugins/store/database.ts'
import { migrations, missingMigrations } from '../src/plugins/store/migrate.ts'
import { onEachDatabase } from './helpers/database.ts'

const MIGRATE = `${import.meta.dirname}/../src/migrate.ts`

/** Runs the command in a process of its own. */
function migrate(environment: Record<string, string>, cwd = import.meta.dirname) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [MIGRATE], { cwd, env: environment }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

onEachDatabase(t, 'ten concurrent runs migrate a database once', async (t, url) => {
  const runs = await Promise.all(Array.from({ length: 10 }, () => migrate({ DATABASE_URL: url })))
  for (const run of runs) t.match(run, { code: 0, stderr: '' })
  t.equal(runs.filter(({ stdout }) => stdout.startsWith('Migrated: ')).length, 1)
  const store = await openStore(url)
  t.teardown(() => store.destroy())
  t.strictSame(await missingMigrations(store), [])
})

onEachDatabase(t, 'the output names the migrations, or says that there are none', async (t, url) => {
  const names = Object.keys(migrations).join(', ')
  t.strictSame(await migrate({ DATABASE_URL: url }), {
    code: 0,
    stdout: `Migrated: ${names}\n`,
    stderr: '',
  })
  t.strictSame(await migrate({ DATABASE_URL: url }), {
    code: 0,
    stdout: 'Nothing to migrate\n',
    stderr: '',
  })
})

t.test('an error is one line on stderr and exit code 1', async (t) => {
  for (const [DATABASE_URL, line] of [
    [
      'postgres://user:hunter2@127.0.0.1:1/none',
      'Not migrated: ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1',
    ],
    ['file:.', 'Not migrated: ERR_SQLITE_ERROR: unable to open database file'],
  ] as const) {
    t.strictSame(await migrate({ DATABASE_URL }), { code: 1, stdout: '', stderr: `${line}\n` })
  }
  t.match(await migrate({ DATABASE_URL: 'mysql://hunter2@db/x' }), {
    code: 1,
    stderr: /^The configuration is not usable:\n {2}DATABASE_URL is wrong: expected [^\n]+\n$/,
  })
})

t.test('the command reads .env in its working directory', async (t) => {
  t.match(await migrate({}, t.testdir({ '.env': 'DATABASE_URL=file:here.db' })), {
    code: 0,
    stdout: /^Migrated: /,
  })
})

t.test('a misspelled variable is a warning on stderr', async (t) => {
  t.strictSame(await migrate({ DATABASE_URI: 'postgres://db.test/name', DATABASE_URL: 'file::memory:' }), {
    code: 0,
    stdout: `Migrated: ${Object.keys(migrations).join(', ')}\n`,
    stderr: 'Warning: DATABASE_URI is unknown and has no effect: did you mean DATABASE_URL?\n',
  })
})
