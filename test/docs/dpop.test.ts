import { execFile } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { api, tenantFor } from '../dev/helpers/tenant.ts'
import { listen } from '../helpers/app.ts'
import { readDocument } from '../helpers/markdown.ts'

const root = join(import.meta.dirname, '../..')

t.test('the commands and the program of docs/dpop.md work as they are written', async (t) => {
  const tenant = await tenantFor(t)
  const app = await listen(t, { url: tenant.issuer }, { environment: { AUTH0_AUDIENCE: api } })
  const page = readDocument('docs/dpop.md')
    .replaceAll('http://localhost:4400/', tenant.issuer)
    .replaceAll('http://localhost:3000', `http://localhost:${new URL(app.url).port}`)
  const blocks = (language: string) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text)
  // The scripts of package.json with the files of this folder, so that the key is written into the other one
  const folder = t.testdir({ 'client.mjs': blocks('js')[0] as string })
  for (const name of ['package.json', 'tools', 'dev', 'src', 'node_modules'])
    symlinkSync(join(root, name), join(folder, name))
  const env = { ...process.env, TENANT_PORT: new URL(tenant.issuer).port }
  const run = promisify(execFile)

  const shell = blocks('sh')
  t.equal(shell.length, 3)
  const { stdout: answers } = await run('sh', ['-ec', shell.join('\n')], { cwd: folder, env })
  t.strictSame(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '401', '401'],
    answers,
  )
  const codes = [...answers.matchAll(/"code":"(\w+)"/g)].map(([, code]) => code)
  t.strictSame(codes, ['invalid_dpop_proof', 'invalid_token'])
  t.ok(existsSync(join(folder, 'data/dpop-key.json')))

  const { stdout } = await run(process.execPath, ['client.mjs'], { cwd: folder, env })
  t.match(stdout, /^DPoP\n200 \{/)
})
