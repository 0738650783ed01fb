import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { readRouteTable, readScopes } from '../../dev/route-table.ts'

t.test('npm run routes lists routes and pages with their callers', async (t) => {
  const script = join(import.meta.dirname, '../../dev/routes.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: {}, cwd: t.testdir() })
  const lines = stdout.trim().split('\n')
  t.match(lines[0], /^METHOD +PATH +WHO MAY CALL IT$/)
  for (const line of [
    'GET /api/private a valid token',
    'GET /api/users/:id scope read:users',
    'GET /profile signed in', // part: web-app
  ])
    t.ok(
      lines.some((row) => row.replace(/ +/g, ' ') === line),
      line,
    )
  t.notMatch(stdout, /HEAD/)
})

t.test('the list depends on the environment, and the scopes are those of all guards', async (t) => {
  const paths = (await readRouteTable({ AUTH0_AUDIENCE: 'a' })).map(({ path }) => path)
  t.ok(paths.includes('/api/me'))
  await t.rejects(readRouteTable({ AUTH0_AUDIENCE: '' }), /AUTH0_AUDIENCE/)
  const scopes = await readScopes()
  for (const name of ['read:messages', 'read:admin-messages', 'create:users'])
    t.ok(scopes.includes(name), name)
})
