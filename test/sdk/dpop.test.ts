import type { webcrypto } from 'node:crypto'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateThumbprint, generateKeyPair, generateProof } from 'dpop'
import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { listen } from '../helpers/app.ts'
import { moveClock } from '../helpers/clock.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const HOUR_MS = 3_600_000
const client: oauth.Client = { client_id: 'client' }

/** Starts the service and gives a client with this key a token. */
async function start(t: Test, publicKey: webcrypto.CryptoKey, environment: Record<string, string> = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment })
  const cnf = { jkt: await calculateThumbprint(publicKey) }
  return { app, token: await issuer.sign({ cnf }) }
}

/** Counts the requests of a client. */
function countingFetch() {
  const statuses: number[] = []
  const send = async (url: string, init: object) => {
    const response = await fetch(url, init as RequestInit)
    statuses.push(response.status)
    return response
  }
  return { statuses, send }
}

const algorithms = ['ES256', 'Ed25519', 'RS256'] as const

t.test('oauth4webapi calls the API with each algorithm', async (t) => {
  for (const algorithm of algorithms) {
    const keys = await oauth.generateKeyPair(algorithm)
    const { app, token } = await start(t, keys.publicKey)
    const DPoP = oauth.DPoP(client, keys)
    for (const path of ['/api/private', '/api/private?a=b', '/api/me']) {
      const url = new URL(path, app.url)
      const options = { DPoP, [oauth.allowInsecureRequests]: true }
      const response = await oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, options)
      t.equal(response.status, 200, `${algorithm} ${path}`)
    }
  }
})

t.test('oauth4webapi with a clock that is an hour off gets in by its own retry', async (t) => {
  for (const skewSeconds of [3600, -3600]) {
    const keys = await oauth.generateKeyPair('ES256')
    const { app, token } = await start(t, keys.publicKey)
    const wrongClock = { ...client, [oauth.clockSkew]: skewSeconds }
    const DPoP = oauth.DPoP(wrongClock, keys)
    const { statuses, send } = countingFetch()
    const call = () =>
      oauth.protectedResourceRequest(token, 'GET', new URL('/api/private', app.url), undefined, undefined, {
        DPoP,
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: send,
      })
    const retrying = async () => {
      try {
        return await call()
      } catch (error) {
        if (!oauth.isDPoPNonceError(error)) throw error
        return call()
      }
    }
    t.equal((await retrying()).status, 200)
    t.equal((await call()).status, 200, 'the nonce is remembered')
    t.strictSame(statuses, [401, 200, 200])
  }
})

t.test('the package dpop with a clock that is an hour off gets in by the nonce', async (t) => {
  const keys = await generateKeyPair('ES256')
  const { app, token } = await start(t, keys.publicKey)
  const url = `${app.url}/api/private`
  const clock = moveClock(t)
  const call = async (nonce?: string) => {
    clock.set(-HOUR_MS) // of the client only
    const dpop = await generateProof(keys, url, 'GET', nonce, token)
    clock.set(0)
    return fetch(url, { headers: { authorization: `DPoP ${token}`, dpop } })
  }
  const first = await call()
  t.equal(first.status, 401)
  t.match(first.headers.get('www-authenticate'), /DPoP .*error="use_dpop_nonce"/)
  t.equal((await call(first.headers.get('dpop-nonce') as string)).status, 200)
})

t.test('behind a proxy that strips a prefix, clients call the public URL', async (t) => {
  let upstream = ''
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming
    const path = url.replace(/^\/svc2/, '')
    const forwarded = request(`${upstream}${path}`, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode as number, response.headers)
      response.pipe(outgoing)
    })
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => proxy.close())
  t.teardown(() => proxy.closeAllConnections())
  const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/svc2`
  const keys = await generateKeyPair('ES256')
  for (const [PUBLIC_URLS, status] of [
    ['', 401],
    ['https://other.test', 401],
    [`https://other.test, ${base}/`, 200],
  ] as const) {
    const { app, token } = await start(t, keys.publicKey, { PUBLIC_URLS })
    upstream = app.url
    const url = `${base}/api/private`
    const dpop = await generateProof(keys, url, 'GET', undefined, token)
    const response = await fetch(url, { headers: { authorization: `DPoP ${token}`, dpop } })
    t.equal(response.status, status, PUBLIC_URLS)
  }
})

t.test('behind a trusted proxy, the origin is that of the forwarded headers', async (t) => {
  const keys = await generateKeyPair('ES256')
  for (const [TRUST_PROXY, status] of [
    ['loopback', 200],
    ['false', 401],
  ] as const) {
    const { app, token } = await start(t, keys.publicKey, { TRUST_PROXY })
    const dpop = await generateProof(keys, 'https://api.test/api/private', 'GET', undefined, token)
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.test',
      'x-forwarded-for': '192.0.2.1',
    }
    const headers = { authorization: `DPoP ${token}`, dpop, ...forwarded }
    t.equal((await fetch(`${app.url}/api/private`, { headers })).status, status, TRUST_PROXY)
  }
})
