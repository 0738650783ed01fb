import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import openapiTS, { astToString } from 'openapi-types'
import t from 'tap'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument } from '../helpers/markdown.ts'

const root = join(import.meta.dirname, '../..')

/** Runs a program without the loaders that tap adds to all child processes. The compiler does not work with them. */
function run(file: string, options: string[], env: Record<string, string> = {}) {
  const unset = ['-u', 'NODE_OPTIONS', file, ...options]
  return promisify(execFile)('env', unset, { env: { ...process.env, ...env } })
}

t.test('the linter of Redocly finds no error and no warning in the served document', async (t) => {
  const { url } = await listen(t, await TestIssuer.start(t))
  const lint = join(root, 'node_modules/.bin/redocly')
  const env = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const options = ['--extends=recommended-strict', '--format=json']
  const { stdout } = await run(lint, ['lint', `${url}/openapi.json`, ...options], env)
  t.match(JSON.parse(stdout), { totals: { errors: 0, warnings: 0, ignored: 0 }, problems: [] })
})

t.test('the generated client of docs/clients.md compiles and pages through the users', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(readDocument('docs/clients.md')) ?? []
  const folder = t.testdir({
    'gatehouse.d.ts': astToString(await openapiTS(new URL(`${url}/openapi.json`))),
    'client.ts': program,
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      files: ['client.ts'],
      include: [],
    }),
  })
  await run(join(root, 'node_modules/.bin/tsc'), ['--project', folder])

  const token = await issuer.sign({ scope: 'create:users read:users' })
  const env = { GATEHOUSE_URL: url, ISSUER: issuer.url, TOKEN: token }
  const client = join(folder, 'client.ts')
  const lines = ['1 auth0|1', '2 auth0|2', '3 auth0|3']
  t.strictSame((await run(process.execPath, [client], env)).stdout.trim().split('\n'), lines)
  const { stderr } = await run(process.execPath, [client], { ...env, TOKEN: '' }).catch((error) => error)
  t.match(stderr, /401 Authentication credentials were not provided/)
})
