import { execFile } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import t from 'tap'
import { startTenant } from '../../dev/tenant/index.ts'
import { readSettings } from '../../dev/tenant/settings-file.ts'
import { listen } from '../helpers/app.ts'
import { readDocument } from '../helpers/markdown.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

t.test('the commands of docs/certificates.md work as they are written', async (t) => {
  const page = readDocument('docs/certificates.md')
  const blocks = (language: string) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text)
  const folder = t.testdir({ 'tenant.json': blocks('json')[0] as string })
  for (const name of ['package.json', 'tools', 'dev', 'src', 'node_modules'])
    symlinkSync(join(root, name), join(folder, name))

  const settings = readSettings(join(folder, 'tenant.json'))
  const options = { port: 0, baseUrl: 'http://localhost:1', ...(settings && { settings }) }
  const [tenant, withTls] = await Promise.all([
    startTenant(options),
    startTenant({ ...options, tlsFolder: join(folder, 'data/tenant') }),
  ])
  t.teardown(() => Promise.all([tenant.close(), withTls.close()]))
  const shell = blocks('sh').map((text) =>
    text
      .replaceAll('http://localhost:4400/', tenant.issuer)
      .replaceAll('https://localhost:4400/', withTls.issuer),
  )
  t.equal(shell.length, 5)
  const [start = '', ...commands] = shell
  const variables = [...start.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])
  t.match(start, /^([A-Z_]+=\S+ )+npm start\n$/)
  const environment = { AUTH0_AUDIENCE: 'https://quickstarts/api', ...Object.fromEntries(variables) }
  const app = await listen(t, { url: tenant.issuer }, { environment })

  const url = `http://localhost:${new URL(app.url).port}`
  const script = commands.join('\necho\n').replaceAll('http://localhost:3000', url)
  const env = { ...process.env, TENANT_PORT: String(tenant.port) }
  const { stdout } = await run('sh', ['-ec', script], { cwd: folder, env })
  t.strictSame(
    [...stdout.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '401'],
    stdout,
  )
  t.match(stdout, /"code":"invalid_token"/)
  const tokens = [...stdout.matchAll(/"access_token":"([^"]+)"/g)].map(([, token = '']) => decodeJwt(token))
  t.equal(tokens.length, 2)
  t.match(tokens[0]?.cnf, { 'x5t#S256': /^[\w-]{43}$/ })
  t.strictSame(tokens[0]?.cnf, tokens[1]?.cnf, 'by the header and by TLS')
})
