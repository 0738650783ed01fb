import t, { type Test } from 'tap'
import type { AuthenticationLevel } from '../../../src/plugins/guards/authentication.ts'
import { bearer, DPOP_OFFER, listen, METADATA } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

/** Serves a route for each level, over real HTTP. */
async function serve(
  t: Test,
  levels: Record<string, AuthenticationLevel>,
  environment: Record<string, string> = {},
) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    environment,
    extend: (app) => {
      for (const [url, level] of Object.entries(levels))
        app.get(url, { preHandler: app.requiresAuthentication(level) }, async () => ({ ok: true }))
      const level = app.requiresAuthentication({ acr: ['pin'] })
      app.get('/list', { preHandler: [app.requiresScope('a'), level] }, async () => ({ ok: true }))
      app.get('/any', { preHandler: app.anyOf(app.requiresRole('robot'), level) }, async () => ({ ok: true }))
    },
  })
  const callWith = async (url: string, token?: string) => {
    const response = await fetch(`${app.url}${url}`, { headers: token ? bearer(token) : {} })
    const { code } = (await response.json()) as { code?: string }
    return { status: response.status, code, challenge: response.headers.get('www-authenticate') }
  }
  const call = async (url: string, claims: object) => callWith(url, await issuer.sign(claims))
  return { issuer, app, call, callWith }
}

const challenge = (parameters: string) =>
  `Bearer realm="api", error="insufficient_user_authentication", error_description="A stronger or more recent log-in is required", ${parameters}, ${METADATA}, ${DPOP_OFFER}`

t.test('a token without the required level is challenged to the letter of RFC 9470', async (t) => {
  const { call, callWith } = await serve(t, {
    '/class': { acr: ['urn:a', 'urn:b'] },
    '/age': { maxAgeSeconds: 300 },
    '/both': { acr: ['urn:a'], maxAgeSeconds: 0 },
  })
  const now = Math.floor(Date.now() / 1000)
  const code = 'insufficient_user_authentication'
  for (const [url, claims, parameters] of [
    ['/class', {}, 'acr_values="urn:a urn:b"'],
    ['/class', { acr: 'urn:c' }, 'acr_values="urn:a urn:b"'],
    ['/class', { acr: 'urn:a urn:b' }, 'acr_values="urn:a urn:b"'],
    ['/class', { acr: ['urn:a'] }, 'acr_values="urn:a urn:b"'],
    ['/class', { acr: 'URN:A' }, 'acr_values="urn:a urn:b"'],
    ['/age', {}, 'max_age="300"'],
    ['/age', { auth_time: null }, 'max_age="300"'],
    ['/age', { auth_time: String(now) }, 'max_age="300"'],
    ['/age', { auth_time: now - 340 }, 'max_age="300"'],
    ['/age', { auth_time: now * 1000 }, 'max_age="300"'],
    ['/both', { acr: 'urn:a' }, 'acr_values="urn:a", max_age="0"'],
    ['/both', { auth_time: now }, 'acr_values="urn:a", max_age="0"'],
    ['/both', { acr: 'urn:a', auth_time: now - 40 }, 'acr_values="urn:a", max_age="0"'],
  ] as const)
    t.strictSame(
      await call(url, claims),
      { status: 401, code, challenge: challenge(parameters) },
      `${url} ${JSON.stringify(claims)}`,
    )
  for (const [url, claims] of [
    ['/class', { acr: 'urn:a' }],
    ['/class', { acr: 'urn:b' }],
    ['/age', { auth_time: now }],
    ['/age', { auth_time: now - 320 }],
    ['/age', { auth_time: now + 20 }],
    ['/both', { acr: 'urn:a', auth_time: now }],
  ] as const)
    t.equal((await call(url, claims)).status, 200, `${url} ${JSON.stringify(claims)}`)
  t.match(await callWith('/age'), {
    status: 401,
    code: 'missing_token',
    challenge: `Bearer realm="api", ${METADATA}, ${DPOP_OFFER}`,
  })
})

t.test('a known token is challenged when its login has become too old', async (t) => {
  const { issuer, app, callWith } = await serve(
    t,
    { '/age': { maxAgeSeconds: 300 } },
    { AUTH_CLOCK_TOLERANCE_SECONDS: '10' },
  )
  const clock = moveClock(t)
  const now = Math.floor(Date.now() / 1000)
  clock.stopAt(now * 1000)
  const token = await issuer.sign({ auth_time: now })
  for (const seconds of [0, 300, 310]) {
    clock.stopAt((now + seconds) * 1000)
    t.equal((await callWith('/age', token)).status, 200, `after ${seconds} s`)
  }
  for (const seconds of [311, 3000]) {
    clock.stopAt((now + seconds) * 1000)
    t.equal((await callWith('/age', token)).status, 401, `after ${seconds} s`)
  }
  t.ok(app.verifier.cacheStats.hits >= 3)
  t.ok(app.logLines.some(({ detail }) => detail === `auth_time was ${now}`))
})

t.test('a level combines with other guards', async (t) => {
  const { call } = await serve(t, {})
  t.match(await call('/list', { acr: 'pin' }), { status: 403, code: 'insufficient_scope' })
  t.match(await call('/list', { scope: 'a' }), {
    status: 401,
    challenge: /, acr_values="pin", scope="a", resource_metadata=/,
  })
  t.match(await call('/list', { scope: 'a', acr: 'pin' }), { status: 200 })
  t.match(await call('/any', { roles: ['robot'] }), { status: 200 })
  t.match(await call('/any', { acr: 'pin' }), { status: 200 })
  t.match(await call('/any', {}), { status: 401, challenge: challenge('acr_values="pin"') })
})

t.test('the route table and the OpenAPI document name the level', async (t) => {
  const { app } = await serve(t, { '/both': { acr: ['urn:a', 'urn:b'], maxAgeSeconds: 300 } })
  const route = app.routeTable.find(({ path }) => path === '/both')
  t.strictSame(route?.guards, [{ kind: 'authentication', required: ['acr urn:a or urn:b', 'max_age 300'] }])
  const { paths } = (await (await fetch(`${app.url}/openapi.json`)).json()) as {
    paths: Record<string, { get: { responses: Record<string, { description: string }> } }>
  }
  const responses = (path: string) => paths[path]?.get.responses ?? {}
  const rejections = (path: string) =>
    Object.keys(responses(path)).filter((status) => ['401', '403'].includes(status))
  t.strictSame(rejections('/both'), ['401'])
  for (const path of ['/both', '/list', '/any'])
    t.match(responses(path)['401']?.description, /a stronger or more recent log-in is required \(RFC 9470\)$/)
  t.strictSame(rejections('/any'), ['401', '403'])
  t.notMatch(responses('/api/private')['401']?.description, 'log-in')
})

t.test('a level that every token has, or that a challenge cannot express, stops the boot', async (t) => {
  const { app } = await serve(t, {})
  for (const level of [
    {},
    { acr: undefined, maxAgeSeconds: undefined },
    { acr: [] },
    { acr: [''] },
    { acr: ['a b'] },
    { acr: ['a"b'] },
    { acr: ['é'] },
    { acr: ['a'], maxAgeSeconds: -1 },
    { maxAgeSeconds: 1.5 },
    { maxAgeSeconds: Number.NaN },
    { maxAgeSeconds: '300' },
  ])
    t.throws(
      () => app.requiresAuthentication(level as AuthenticationLevel),
      { name: 'TypeError', message: /^app\.requiresAuthentication needs values of acr/ },
      JSON.stringify(level),
    )
})
