import { spawnSync } from 'node:child_process'
import t from 'tap'
import { bearer } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument } from '../helpers/markdown.ts'
import { HOST, ISSUER, startPrivateIssuer } from '../helpers/private-issuer.ts'
import { required, start } from '../helpers/process.ts'

const skip = spawnSync('openssl', ['version']).error ? 'no openssl' : false

/** The variables that the page sets in the block of a section. */
function variablesOf(section: string): string[] {
  const [, text = ''] = readDocument('docs/egress.md').split(`## ${section}\n`)
  return [...(text.split('\n## ')[0] ?? '').matchAll(/^export (\w+)=/gm)].map(([, name = '']) => name)
}

t.test('with a proxy and a private CA: key set and userinfo', { skip }, async (t) => {
  const { issuer, proxy, certificate, token } = await startPrivateIssuer(t)
  const egress = {
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: proxy.url,
    NO_PROXY: 'localhost,127.0.0.1',
    NODE_EXTRA_CA_CERTS: certificate,
  }
  t.strictSame([...variablesOf('Proxy'), ...variablesOf('Private CA')], Object.keys(egress))
  const server = start(t, { environment: { ...required, ...egress, AUTH0_DOMAIN: ISSUER } })
  const url = await server.listening()

  const me = await fetch(`${url}/api/users/me`, { headers: bearer(token) })
  t.match(await me.json(), { issuer: ISSUER, name: 'Ada' })
  t.equal(issuer.userinfoRequests.length, 1)

  t.ok(proxy.targets.length > 0)
  t.strictSame([...new Set(proxy.targets)], [`${HOST}:443`])
  server.child.kill('SIGTERM')
  const { stdout } = await server.ended
  t.notMatch(stdout, /has no effect/)
})

t.test('without NODE_USE_ENV_PROXY the proxy is not used, and a warning says so', { skip }, async (t) => {
  const { proxy, certificate, token } = await startPrivateIssuer(t)
  const egress = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: certificate }
  const server = start(t, { environment: { ...required, ...egress, AUTH0_DOMAIN: ISSUER } })
  const url = await server.listening()
  t.match(await server.logged('NODE_USE_ENV_PROXY=1'), { level: 40, msg: /^HTTPS_PROXY has no effect/ })
  t.equal((await fetch(`${url}/api/private`, { headers: bearer(token) })).status, 503)
  t.strictSame(proxy.targets, [])
})

t.test('without the private CA the reason is in the log', { skip }, async (t) => {
  const { proxy, token } = await startPrivateIssuer(t)
  const egress = { HTTPS_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1' }
  const environment = { ...required, ...egress, NO_PROXY: '127.0.0.1', AUTH0_DOMAIN: ISSUER }
  const server = start(t, { environment })
  const url = await server.listening()
  t.equal((await fetch(`${url}/api/private`, { headers: bearer(token) })).status, 503)
  t.match(JSON.stringify(await server.logged('key set not fetched')), /fetch failed: self-signed certificate/)
})

t.test('a token of 20 KiB is 431, and accepted with a larger limit for headers', async (t) => {
  const issuer = await TestIssuer.start(t)
  const token = await issuer.sign({ groups: 'x'.repeat(15_000) })
  t.ok(token.length > 20_000)
  t.strictSame(variablesOf('Large tokens'), ['NODE_OPTIONS'])
  const option = /NODE_OPTIONS=(\S+)/.exec(readDocument('docs/egress.md'))?.[1] ?? ''
  for (const [execArgv, status] of [
    [[], 431],
    [[option], 200],
  ] as const) {
    const environment = { ...required, AUTH0_DOMAIN: issuer.url }
    const server = start(t, { environment, execArgv: [...execArgv] })
    const url = await server.listening()
    t.equal((await fetch(`${url}/api/private`, { headers: bearer(token) })).status, status)
    server.child.kill('SIGTERM')
    await server.ended
  }
})
