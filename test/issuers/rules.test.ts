import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { moveClock } from '../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'

/** Starts the service with a file of issuers. Returns the status and body of requests with a token. */
async function start(t: Test, entries: object[], files: Record<string, string> = {}) {
  const folder = t.testdir({ ...files, 'issuers.json': JSON.stringify(entries) })
  const app = await listen(
    t,
    { url: '' },
    {
      environment: { AUTH0_AUDIENCE: '', ISSUERS_FILE: join(folder, 'issuers.json') },
      extend: (app) => {
        app.get('/deploy', { preHandler: app.requiresScope('deploy:things') }, async () => 'ok')
      },
    },
  )
  const get = async (token: string, path = '/api/me') => {
    const response = await fetch(`${app.url}${path}`, { headers: bearer(token) })
    return {
      status: response.status,
      body: (await response.json().catch(() => ({}))) as Record<string, unknown>,
    }
  }
  return { app, folder, get }
}

const everything = {
  scope: 'read:messages deploy:things',
  permissions: ['read:admin-messages'],
  roles: ['admin'],
}

t.test('an issuer grants for its own audiences only', async (t) => {
  const [users, partner] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const { get } = await start(t, [
    { issuer: users.url, audiences: ['https://api.test'] },
    { issuer: partner.url, audiences: ['https://partner-api.test'], grants: ['read:messages'] },
  ])
  t.equal((await get(await users.sign(everything), '/api/messages/admin')).status, 200)
  const stolen = await partner.sign({ ...everything, aud: 'https://api.test' })
  t.match(await get(stolen, '/api/messages/admin'), { status: 401, body: { code: 'invalid_token' } })
  const own = await partner.sign({ ...everything, aud: 'https://partner-api.test' })
  t.equal((await get(own, '/api/messages/admin')).status, 403, 'the permission is not among its grants')
  t.match((await get(own)).body, { scope: ['read:messages'], permissions: [], roles: [] })
})

t.test('a workload of another repository is rejected, also after an accepted one', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { get } = await start(t, [
    {
      issuer: issuer.url,
      profile: 'workload',
      audiences: [AUDIENCE],
      require: { '/repository': ['octo/app'] },
      give: ['deploy:things'],
    },
  ])
  const own = await issuer.sign({ repository: 'octo/app', scope: 'read:messages' })
  t.equal((await get(own, '/deploy')).status, 200)
  t.match((await get(own)).body, { scope: ['deploy:things'] }, 'its own scopes do not count')
  for (const repository of ['evil/app', 'octo/app2', undefined])
    t.match(await get(await issuer.sign({ repository }), '/deploy'), {
      status: 401,
      body: { message: 'incorrect claims, please check the audience and issuer' },
    })
})

t.test(
  'an open list of tenants uses the keys of all tenants, and fetches nothing for an invented one',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const template = `${issuer.url}{tenantid}/v2.0`
    issuer.discovery = { issuer: template, jwks_uri: `${issuer.url}jwks.json` }
    const [all] = issuer.keys
    const one = await issuer.addKey('of-one-tenant')
    const unnamed = await issuer.addKey('unnamed')
    issuer.keySet = {
      keys: [{ ...all?.jwk, issuer: template }, { ...one.jwk, issuer: `${issuer.url}one/v2.0` }, unnamed.jwk],
    }
    const { get } = await start(t, [
      { issuer: `${issuer.url}{tid}/v2.0`, tenants: ['*'], profile: 'entra', audiences: [AUDIENCE] },
    ])
    const status = async (claims: object, key = all) => (await get(await issuer.sign(claims, {}, key))).status
    const tenant = (tid: string) => ({ iss: `${issuer.url}${tid}/v2.0`, tid })
    t.match(await get(await issuer.sign({ ...tenant('one'), scp: 'a b' }, {}, all)), {
      status: 200,
      body: { iss: `${issuer.url}one/v2.0`, organization: 'one', scope: ['a', 'b'] },
    })
    t.equal(await status(tenant('two')), 200)
    t.equal(await status(tenant('one'), one), 200)
    t.equal(await status(tenant('two'), one), 401, 'the key is that of another tenant')
    t.equal(await status(tenant('one'), unnamed), 401, 'the key names no issuer')
    t.equal(await status({ ...tenant('one'), tid: 'two' }), 401)
    t.equal(await status({ iss: `${issuer.url}one/v1.0`, tid: 'one' }), 401)
    const requests = issuer.requestHeaders.length
    for (let i = 0; i < 20; i++)
      t.equal(await status(tenant(`invented-${i}`)), 200, 'every tenant is accepted')
    t.equal(issuer.requestHeaders.length, requests)
  },
)

t.test('each tenant of a closed list has keys of its own', async (t) => {
  const [one, two] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const template = 'http://127.0.0.1:{tid}/'
  const tid = ({ url }: TestIssuer) => new URL(url).port
  const { get } = await start(t, [
    { issuer: template, tenants: [one, two].map(tid), insecureHttp: true, audiences: [AUDIENCE] },
  ])
  for (const issuer of [one, two]) t.equal((await get(await issuer.sign({ tid: tid(issuer) }))).status, 200)
  t.equal((await get(await one.sign({ tid: tid(two) }))).status, 401)
  t.equal(
    (await get(await one.sign({ iss: two.url, tid: tid(two) }))).status,
    401,
    'signed by another tenant',
  )
})

t.test('an issuer is reached at its backchannel URL, whatever its name', async (t) => {
  const issuer = await TestIssuer.start(t)
  const name = 'http://localhost:1/realms/x'
  issuer.discovery = { issuer: name, jwks_uri: `${name}/jwks.json` }
  const entry = { issuer: name, audiences: [AUDIENCE], backchannelUrl: issuer.url }
  const { get } = await start(t, [entry])
  t.equal((await get(await issuer.sign({ iss: name }))).status, 200)
  t.equal((await get(await issuer.sign())).status, 401, 'the backchannel URL is not a name')
})

t.test('keys come from `jwksUri` without a discovery document', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { get } = await start(t, [
    { issuer: 'https://kubernetes.test', audiences: [AUDIENCE], jwksUri: `${issuer.url}jwks.json` },
  ])
  t.equal((await get(await issuer.sign({ iss: 'https://kubernetes.test' }))).status, 200)
  t.equal(issuer.requestHeaders.length, 1)
})

t.test('a key set in a file is read again every minute', async (t) => {
  const issuer = await TestIssuer.start(t)
  const keySet = () => JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) })
  const entry = { issuer: 'https://offline.test', audiences: [AUDIENCE], jwksFile: 'keys.json' }
  const { folder, get } = await start(t, [entry], { 'keys.json': keySet() })
  const clock = moveClock(t)
  const sign = () => issuer.sign({ iss: 'https://offline.test' })
  const before = await sign()
  t.equal((await get(before)).status, 200)
  issuer.keys = []
  await issuer.addKey('key-2')
  writeFileSync(join(folder, 'keys.json'), keySet())
  utimesSync(join(folder, 'keys.json'), 1, 1)
  clock.set(60_000)
  await get(before)
  t.equal((await get(await sign())).status, 200)
  t.equal((await get(before)).status, 401)
  writeFileSync(join(folder, 'keys.json'), '[]')
  clock.set(120_000)
  await get(await sign())
  t.equal((await get(await sign())).status, 200, 'a broken file does not drop the known keys')
})

t.test('rules that a pointer or a missing list breaks stop the start', async (t) => {
  const issuer = { issuer: 'https://one.test/', audiences: ['api'] }
  await t.rejects(start(t, [{ ...issuer, profile: 'workload' }]), { message: /\/0\/require: missing/ })
  await t.rejects(start(t, [{ ...issuer, claims: { roles: ['roles'] } }]), {
    message: /\/0\/claims\/roles\/0: expected a JSON pointer/,
  })
})
