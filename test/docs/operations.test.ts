import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { openStore } from '../../src/plugins/store/database.ts' // part: web-app
import { createSession } from '../../src/plugins/store/tables/sessions.ts' // part: web-app
import { bearer } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument, tableRows } from '../helpers/markdown.ts'
import { startPostgres } from '../helpers/postgres-server.ts'
import { required, start } from '../helpers/process.ts'

const PAGE = 'docs/operations.md'

/** Commands of a section for backup and restore. */
function commandsOf(section: string): [backup: string, ...restore: string[]] {
  const [, text = ''] = readDocument(PAGE).split(`### ${section}\n`)
  const [own = ''] = text.split(/^##/m)
  return [...own.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block) as [string, ...string[]]
}

/** Backs up while the service writes, and restores to a stopped service. */
async function backUpAndRestore(
  t: Test,
  section: string,
  cwd: string,
  environment: Record<string, string>,
  tools: string,
) {
  const issuer = await TestIssuer.start(t)
  const headers = {
    ...bearer(await issuer.sign({ scope: 'create:users read:users' })),
    'content-type': 'application/json',
  }
  const run = (command: string) => {
    const env = { ...environment, PATH: `${tools}:${process.env.PATH}` }
    const { status, stderr } = spawnSync('sh', ['-ec', command], { cwd, env, encoding: 'utf8' })
    t.equal(status, 0, stderr)
  }
  const serve = async () => {
    const service = start(t, {
      environment: { ...required, AUTH0_DOMAIN: issuer.url, ...environment },
    })
    return { ...service, url: await service.listening() }
  }
  const stop = async ({ child, ended }: Awaited<ReturnType<typeof serve>>) => {
    child.kill('SIGTERM')
    t.equal((await ended).code, 0)
  }
  const add = async (url: string, subject: string) => {
    const body = JSON.stringify({ issuer: issuer.url, subject })
    t.equal((await fetch(`${url}/api/users`, { method: 'POST', headers, body })).status, 201)
  }
  const subjects = async (url: string) => {
    const users = (await (await fetch(`${url}/api/users`, { headers })).json()) as { subject: string }[]
    return users.map(({ subject }) => subject).sort()
  }

  const [backup, ...restore] = commandsOf(section)
  const first = await serve()
  for (const subject of ['1', '2', '3']) await add(first.url, subject)
  await addSession(environment.DATABASE_URL as string) // part: web-app
  run(backup)
  await add(first.url, 'later')
  t.strictSame(await subjects(first.url), ['1', '2', '3', 'later'])
  await stop(first)
  run(restore.join(''))
  const second = await serve()
  t.strictSame(await subjects(second.url), ['1', '2', '3'])
  t.equal((await fetch(`${second.url}/readyz`)).status, 200)
  await stop(second)
  // part: web-app
  const store = await openStore(environment.DATABASE_URL as string)
  t.strictSame(await store.selectFrom('sessions').select('id_hash').execute(), [])
  await store.destroy()
  // end
}

/** A folder that outlasts each process of the test, unlike that of `t.testdir`. */
function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-operations-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

// part: web-app
async function addSession(url: string) {
  const store = await openStore(url)
  const { id } = await store.selectFrom('users').select('id').executeTakeFirstOrThrow()
  const now = Date.now()
  const session = { user: id, sid: null, idHash: 'hash', contents: 'sealed', createdAt: now }
  await createSession(store, { ...session, expiresAt: now + 60_000 })
  await store.destroy()
}
// end

t.test('the commands for SQLite restore every write before the backup', async (t) => {
  const { error } = spawnSync('sqlite3', ['--version'])
  if (error && process.env.CI) throw error
  if (error) {
    t.pass('', { skip: 'no sqlite3' })
    return
  }
  const cwd = makeFolder(t)
  mkdirSync(join(cwd, 'data'))
  const DATABASE_URL = `file:${join(cwd, 'data/gatehouse.db')}`
  await backUpAndRestore(t, 'SQLite', cwd, { DATABASE_URL }, '')
})

t.test('the commands for PostgreSQL restore every write before the backup', async (t) => {
  // pg_dump rejects a newer server, so both are of the same installation
  const [postgres] = globSync('/usr/lib/postgresql/*/bin/postgres')
  if (!postgres) {
    t.pass('', { skip: 'no installed PostgreSQL' })
    return
  }
  const binaries = join(postgres, '..')
  const server = await startPostgres({ binaries })
  t.teardown(() => server.stop())
  const environment = { DATABASE_URL: server.url }
  const migrate = join(import.meta.dirname, '../../src/migrate.ts')
  t.equal(spawnSync(process.execPath, [migrate], { cwd: t.testdir(), env: environment }).status, 0)
  await backUpAndRestore(t, 'PostgreSQL', makeFolder(t), environment, binaries)
})

t.test('the page has every alert', async (t) => {
  const { groups } = parse(readDocument('deploy/prometheus/alerts.yml')) as {
    groups: { rules: { alert: string }[] }[]
  }
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
  const documented = tableRows(PAGE, 'alert', 'first step').map(([alert]) => alert)
  t.strictSame(documented.sort(), alerts.sort())
})
