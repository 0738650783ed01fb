import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const script = join(root, 'tools/node/require.cjs')

/** Runs a program that claims to be another version of Node.js. */
function runOn(version: string) {
  const code = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('${script}')`
  return spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env: {} })
}

t.test('an older Node.js is refused with a sentence, before TypeScript is loaded', async (t) => {
  t.match(runOn('20.20.2'), {
    status: 1,
    stderr: /^Node\.js 24 or later is required, and this is 20\.20\.2 /,
  })
  for (const version of ['24.0.0', '26.10.0']) t.match(runOn(version), { status: 0, stderr: '' })
})

t.test(
  'every script that runs TypeScript on Node.js checks the version, and the platforms have one',
  async (t) => {
    const { scripts, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const users = ['start', 'serve', 'token', 'migrate', 'check', 'routes']
    for (const name of users) t.match(scripts[name], /^node -r \.\/tools\/node\/require\.cjs /, name)
    t.equal(engines.node, '>=24')
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'tools/node/package.json'), 'utf8'))
    const platforms = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win-x64']
    for (const platform of platforms)
      t.ok(
        Object.keys(optionalDependencies).some((name) => name.endsWith(platform)),
        platform,
      )
    for (const version of Object.values(optionalDependencies))
      t.ok(Number.parseInt(String(version), 10) >= 24)
  },
)
