import { generateKeyPairSync } from 'node:crypto'
import Fastify from 'fastify'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import t, { type Test } from 'tap'
import auth from '../../../../src/plugins/auth/index.ts'
import guards from '../../../../src/plugins/guards/index.ts'
import { type BuildOptions, bearer, listen, METADATA } from '../../../helpers/app.ts'
import { makeCertificate } from '../../../helpers/certificate.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { makeProof, makeProofKey } from '../../../helpers/dpop.ts'
import { AUDIENCE, TestIssuer } from '../../../helpers/issuer.ts'
import { startMeasured } from '../../../helpers/measured.ts'

/** Starts replicas of the service and a client with a bound token. */
async function start(t: Test, environment: Record<string, string> = {}, options: BuildOptions = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment, ...options })
  const key = await makeProofKey()
  const token = await issuer.sign({ cnf: { jkt: key.jkt } })
  const target = { url: `${app.url}/api/private`, token }
  const send = async (headers: Record<string, string>, url = target.url) => {
    const response = await fetch(url, { headers })
    const body = (await response.json()) as Record<string, unknown>
    return {
      status: response.status,
      body,
      challenge: response.headers.get('www-authenticate'),
      nonce: response.headers.get('dpop-nonce') ?? undefined,
    }
  }
  const prove = (claims: object = {}, header: object = {}) =>
    send({ authorization: `DPoP ${token}`, dpop: makeProof(key, target, claims, header) })
  return { issuer, app, key, token, target, send, prove }
}

const now = () => Math.floor(Date.now() / 1000)

t.test('with DPOP=disabled the scheme is unknown, and bound tokens are rejected', async (t) => {
  const { issuer, token, send, prove } = await start(t, { DPOP: 'disabled' })
  t.match(await prove(), {
    status: 401,
    body: { code: 'missing_token' },
    challenge: `Bearer realm="api", ${METADATA}`,
  })
  t.match(await send(bearer(token)), {
    status: 401,
    body: { code: 'invalid_token', message: 'The token is bound to a key' },
    challenge:
      /^Bearer realm="api", error="invalid_token", error_description="The token is bound to a key", resource_metadata="[^"]+"$/,
  })
  t.equal((await send(bearer(await issuer.sign()))).status, 200)
})

t.test(
  'with DPOP=required only bound tokens are accepted, and challenges have the scheme DPoP alone',
  async (t) => {
    const { issuer, app, key, token, send, prove } = await start(t, { DPOP: 'required' })
    const algs = `algs="ES256 EdDSA RS256", ${METADATA}`
    t.match(await prove(), { status: 200 })
    t.equal((await send({})).challenge, `DPoP realm="api", ${algs}`)
    t.match(await send(bearer(await issuer.sign())), {
      status: 401,
      challenge: `DPoP realm="api", error="invalid_token", error_description="The token is not bound to a key", ${algs}`,
    })
    t.match(await send(bearer(token)), {
      status: 401,
      challenge: `DPoP realm="api", error="invalid_token", error_description="The token is bound to a key", ${algs}`,
    })
    t.match(await send(bearer('x')), { status: 401, challenge: /^DPoP realm="api", error="invalid_token"/ })
    const url = `${app.url}/api/private-scoped`
    t.match(await send({ authorization: `DPoP ${token}`, dpop: makeProof(key, { url, token }) }, url), {
      status: 403,
      challenge: /^DPoP realm="api", error="insufficient_scope"/,
    })
  },
)

t.test('DPOP_ALGORITHMS limits the algorithms, and challenges name them', async (t) => {
  const { issuer, target, send, prove } = await start(t, { DPOP_ALGORITHMS: 'Ed25519,PS256' })
  t.match(await prove(), { status: 401, challenge: /algs="Ed25519 PS256", resource_metadata/ })
  for (const algorithm of ['EdDSA', 'Ed25519', 'PS256']) {
    const key = await makeProofKey(algorithm)
    const token = await issuer.sign({ cnf: { jkt: key.jkt } })
    const proof = makeProof(key, { ...target, token })
    t.equal((await send({ authorization: `DPoP ${token}`, dpop: proof })).status, 200, algorithm)
  }
})

t.test('DPOP_PROOF_MAX_AGE_SECONDS and the tolerance are the window of iat', async (t) => {
  const { prove } = await start(t, { DPOP_PROOF_MAX_AGE_SECONDS: '5', AUTH_CLOCK_TOLERANCE_SECONDS: '10' })
  for (const [age, status] of [
    [12, 200],
    [20, 401],
    [-8, 200],
    [-15, 401],
  ] as const)
    t.equal((await prove({ iat: now() - age })).status, status, `${age} s`)
})

t.test('with DPOP_NONCE=always each proof needs a nonce', async (t) => {
  const { prove } = await start(t, { DPOP_NONCE: 'always', DPOP_NONCE_SECRET: 'n'.repeat(32) })
  const first = await prove()
  t.match(first, { status: 401, body: { code: 'use_dpop_nonce' }, nonce: /^[\w-]{43}$/ })
  t.match(await prove({ nonce: first.nonce }), { status: 200, nonce: undefined })
  t.match(await prove({ nonce: 'x' }), { status: 401, body: { code: 'use_dpop_nonce' } })
})

t.test('with DPOP_NONCE=never a proof that is not recent is rejected without a nonce', async (t) => {
  const { prove } = await start(t, { DPOP_NONCE: 'never' })
  t.match(await prove({ iat: 1 }), { status: 401, body: { code: 'invalid_dpop_proof' }, nonce: undefined })
  t.match(await prove({ nonce: 'of another server' }), { status: 200 })
})

t.test('a nonce that is half used up is replaced with the response', async (t) => {
  const { issuer, key, target, send, prove } = await start(t)
  const { nonce } = await prove({ iat: 1 })
  t.match(await prove({ nonce }), { status: 200, nonce: undefined })
  const clock = moveClock(t)
  clock.set(3 * 60_000)
  const token = await issuer.sign({ cnf: { jkt: key.jkt } })
  const proof = makeProof(key, { ...target, token }, { nonce, iat: 1 })
  const { status, nonce: next } = await send({ authorization: `DPoP ${token}`, dpop: proof })
  t.equal(status, 200)
  t.match(next, /^[\w-]{43}$/)
  t.not(next, nonce)
  clock.set(10 * 60_000)
  t.match(await prove({ nonce }), { status: 401, body: { code: 'use_dpop_nonce' } })
})

t.test('a nonce of one replica is accepted by another with the same secret', async (t) => {
  const secrets = [
    { DPOP_NONCE_SECRET: 'n'.repeat(32) },
    { DPOP_NONCE_SECRET: `${'m'.repeat(32)},${'n'.repeat(32)}` },
  ]
  const nonces = await Promise.all(
    [...secrets, {}].map(
      async (environment) => (await (await start(t, environment)).prove({ iat: 1 })).nonce,
    ),
  )
  const other = await start(t, secrets[0])
  const statuses = []
  for (const nonce of nonces) statuses.push((await other.prove({ iat: 1, nonce })).status)
  t.strictSame(statuses, [200, 401, 401], 'the newest secret makes the nonces')
  const rotated = await start(t, secrets[1])
  t.equal((await rotated.prove({ iat: 1, nonce: nonces[0] })).status, 200)
})

t.test('a key that is too weak is rejected although the token names it', async (t) => {
  const { issuer, target, send } = await start(t)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const jwk = await exportJWK(publicKey)
  const jkt = await calculateJwkThumbprint(jwk)
  const token = await issuer.sign({ cnf: { jkt } })
  const proof = makeProof({ algorithm: 'RS256', privateKey, jwk, jkt }, { ...target, token })
  t.match(await send({ authorization: `DPoP ${token}`, dpop: proof }), {
    status: 401,
    body: { code: 'invalid_dpop_proof' },
  })
})

t.test('request.token says how the token is bound, and cannot be changed', async (t) => {
  const { issuer, app, key, token, send } = await start(
    t,
    {},
    {
      extend: (app) => {
        app.get('/confirmation', { preHandler: app.authenticate }, async ({ token }) => ({
          confirmation: token?.confirmation,
          isFrozen: Object.isFrozen(token?.confirmation),
        }))
        app.get('/optional', { preHandler: app.optionalToken }, async ({ token }) => ({
          sub: token?.subject ?? null,
        }))
      },
    },
  )
  const bound = (url: string) => ({ authorization: `DPoP ${token}`, dpop: makeProof(key, { url, token }) })
  const url = `${app.url}/confirmation`
  t.strictSame((await send(bound(url), url)).body, { confirmation: { jkt: key.jkt }, isFrozen: true })
  t.strictSame((await send(bearer(await issuer.sign()), url)).body, { confirmation: null, isFrozen: true })
  const optional = `${app.url}/optional`
  t.strictSame((await send(bound(optional), optional)).body, { sub: 'auth0|1' })
  t.strictSame((await send({}, optional)).body, { sub: null })
  t.match(await send(bearer(token), optional), { status: 401 })
})

t.test(
  'a foreign application accepts bound tokens with options of its own, which have defaults',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const { x5tS256, der } = await makeCertificate()
    const foreign = Fastify()
    t.teardown(() => foreign.close())
    const binding = {
      '/dpop': { dpop: {} },
      '/certificate': { clientCertificate: { header: 'client-cert', trustedProxies: 'loopback' } as const },
    }
    for (const [prefix, options] of Object.entries(binding))
      await foreign.register(
        async (scope) => {
          await scope.register(auth, { issuers: [issuer.url], audiences: [AUDIENCE], ...options })
          await scope.register(guards)
          scope.get('/me', { preHandler: scope.authenticate }, async ({ token }) => token?.confirmation)
        },
        { prefix },
      )
    const base = await foreign.listen({ port: 0 })
    const key = await makeProofKey()
    const cnfs = [{ jkt: key.jkt }, { 'x5t#S256': x5tS256 }]
    const [bound, certified] = (await Promise.all(cnfs.map((cnf) => issuer.sign({ cnf })))) as [
      string,
      string,
    ]
    const url = `${base}/dpop/me`
    const proof = makeProof(key, { url, token: bound })
    const certificate = { 'client-cert': `:${der.toString('base64')}:` }
    const statuses = []
    for (const [path, headers] of [
      ['/dpop/me', { authorization: `DPoP ${bound}`, dpop: proof }],
      ['/dpop/me', { ...bearer(certified), ...certificate }],
      ['/certificate/me', { ...bearer(certified), ...certificate }],
      ['/certificate/me', { authorization: `DPoP ${bound}`, dpop: proof }],
      ['/certificate/me', bearer(bound)],
    ] as const)
      statuses.push((await fetch(`${base}${path}`, { headers: headers as Record<string, string> })).status)
    t.strictSame(statuses, [200, 401, 200, 401, 401])
  },
)

t.test('DPOP=disabled removes the series of proofs', async (t) => {
  const { scrape } = await startMeasured(t, { environment: { DPOP: 'disabled' } })
  t.strictSame((await scrape()).series('gatehouse_dpop_proofs_total'), [])
})

t.test('proofs are counted by outcome', async (t) => {
  const { issuer, app, scrape } = await startMeasured(t)
  const key = await makeProofKey()
  const token = await issuer.sign({ cnf: { jkt: key.jkt } })
  const target = { url: `${app.url}/api/private`, token }
  const accepted = makeProof(key, target)
  const proofs: Record<string, string | undefined> = {
    accepted,
    missing: undefined,
    malformed: 'x',
    key: makeProof(key, target, {}, { alg: 'none' }),
    signature: makeProof({ ...(await makeProofKey()), jwk: key.jwk }, target),
    method: makeProof(key, target, { htm: 'POST' }),
    url: makeProof(key, target, { htu: 'https://other.test/' }),
    token_hash: makeProof(key, target, { ath: 'x' }),
    binding: makeProof(await makeProofKey(), target),
    stale: makeProof(key, target, { iat: 1 }),
    nonce: makeProof(key, target, { nonce: 'x' }),
    replayed: accepted,
  }
  const counts = async () =>
    Object.fromEntries(
      (await scrape())
        .series('gatehouse_dpop_proofs_total')
        .map(({ labels, value }) => [labels.outcome, value]),
    )
  const none = Object.fromEntries(Object.keys(proofs).map((outcome) => [outcome, 0]))
  t.strictSame(await counts(), none)
  for (const [outcome, proof] of Object.entries(proofs)) {
    const headers = { authorization: `DPoP ${token}`, ...(proof === undefined ? {} : { dpop: proof }) }
    const { status } = await fetch(target.url, { headers })
    t.equal(status, outcome === 'accepted' ? 200 : 401, outcome)
    none[outcome] = 1
    t.strictSame(await counts(), none, outcome)
  }
  const samples = await scrape()
  t.strictSame(
    samples.series('gatehouse_dpop_replay_store').map(({ labels, value }) => [labels.state, value]),
    [
      ['shared', 0],
      ['own', 1],
    ],
  )
  t.equal(samples.series('gatehouse_dpop_replay_entries')[0]?.value, 1)
})
