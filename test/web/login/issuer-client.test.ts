import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { moveClock } from '../../helpers/clock.ts'
import { rawToken } from '../../helpers/raw-token.ts'
import { sessionCookie } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer, type WebIssuer } from '../../helpers/web-issuer.ts'

type Answer = (request: unknown, response: ServerResponse) => void

/** Time announced by `Retry-After`, after which the issuer is asked again. */
const COOLDOWN_MS = 5_000

const misbehaviours: Record<string, Answer> = {
  'is silent': () => {},
  'answers 500': (_request, response) => response.writeHead(500).end('{}'),
  'answers 429': (_request, response) => response.writeHead(429).end('{"error":"too_many_requests"}'),
  'answers HTML': (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Maintenance</h1>'),
  'answers broken JSON': (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer":'),
  'redirects elsewhere': (_request, response) =>
    response.writeHead(302, { location: 'https://evil.example/' }).end(),
  floods: (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(1_100_000)}"`),
  'breaks the connection': (_request, response) => response.destroy(),
}

function discoveryOf({ url }: { url: string }) {
  return {
    issuer: url,
    jwks_uri: `${url}jwks.json`,
    authorization_endpoint: `${url}authorize`,
    token_endpoint: `${url}oauth/token`,
  }
}

t.test('an unavailable issuer is an error page in time; login works again after Retry-After', async (t) => {
  const { url, web, issuer, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  let elapsedMs = 0
  const browser = new WebBrowser()
  const isUnavailable = async (path: string | URL, circumstance: string) => {
    const before = performance.now()
    const { status, headers, text } = await browser.visit(path)
    t.equal(status, 503, circumstance)
    t.ok(performance.now() - before < 30_000, 'in time, on a busy machine')
    t.equal(headers.get('retry-after'), '5')
    t.match(text, 'The identity provider cannot be reached')
  }
  for (const [circumstance, misbehaviour] of Object.entries(misbehaviours)) {
    issuer.misbehaviour = misbehaviour
    if (circumstance === 'is silent') continue // below: its request would be shared by the next login
    await isUnavailable(`${url}/login`, `discovery ${circumstance}`)
    elapsedMs += COOLDOWN_MS
    clock.set(elapsedMs)
  }
  issuer.misbehaviour = undefined
  t.equal((await browser.visit(`${url}/login`)).status, 302)

  const token = issuer.token
  for (const [circumstance, misbehaviour] of Object.entries(misbehaviours)) {
    const callback = web.callback(await startLogin(browser, url))
    issuer.token = misbehaviour
    await isUnavailable(callback, `the token endpoint ${circumstance}`)
    issuer.token = token
  }
  t.equal((await browser.visit(web.callback(await startLogin(browser, url)))).status, 302)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
  t.notOk(app.logLines.some(({ level }) => level >= 50))
})

t.test('an issuer that hangs or is unreachable at the first login does not delay the boot', async (t) => {
  const clock = moveClock(t)
  const { url, issuer } = await startWithIssuer(t)
  issuer.misbehaviour = () => {}
  const pages = await Promise.all(
    ['/login', '/signup', '/logout'].map((path) => new WebBrowser().visit(`${url}${path}`)),
  )
  t.strictSame(
    pages.map(({ status }) => status),
    [503, 503, 302],
  )
  t.equal((await new WebBrowser().visit(`${url}/`)).status, 200)
  await issuer.stop()
  const another = await startWithIssuer(t)
  await another.issuer.stop()
  t.equal((await new WebBrowser().visit(`${another.url}/login`)).status, 503)
  await another.issuer.listen()
  clock.set(COOLDOWN_MS)
  t.equal((await new WebBrowser().visit(`${another.url}/login`)).status, 302)
})

t.test(
  'a discovery document of another issuer, or without a secure authorization endpoint, is not used',
  async (t) => {
    for (const [change, status] of [
      [{}, 302],
      [{ issuer: 'https://evil.example/' }, 503],
      [{ issuer: undefined }, 503],
      [{ authorization_endpoint: undefined }, 503],
      [{ authorization_endpoint: 'http://evil.example/authorize' }, 503],
      [{ authorization_endpoint: 'javascript:alert(1)' }, 503],
    ] as const) {
      const { url, issuer } = await startWithIssuer(t)
      issuer.discovery = { ...discoveryOf(issuer), ...change }
      t.equal((await new WebBrowser().visit(`${url}/login`)).status, status, JSON.stringify(change))
    }
    const { url, issuer } = await startWithIssuer(t)
    issuer.discovery = { ...discoveryOf(issuer), issuer: issuer.url.slice(0, -1) }
    t.equal((await new WebBrowser().visit(`${url}/login`)).status, 503, 'compared with its slash')
  },
)

t.test('a changed discovery document is used after ten minutes', async (t) => {
  const { url, issuer } = await startWithIssuer(t)
  const clock = moveClock(t)
  const endpoint = async () => (await startLogin(new WebBrowser(), url)).pathname
  t.equal(await endpoint(), '/authorize')
  issuer.discovery = { ...discoveryOf(issuer), authorization_endpoint: `${issuer.url}moved` }
  clock.set(9.9 * 60_000)
  t.equal(await endpoint(), '/authorize')
  clock.set(10.1 * 60_000)
  t.equal(await endpoint(), '/authorize', 'the request that starts the renewal does not wait for it')
  while ((await endpoint()) !== '/moved');
})

t.test('secrets are not sent over plain http, whatever the discovery document says', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  issuer.discovery = { ...discoveryOf(issuer), token_endpoint: 'http://192.0.2.1/oauth/token' }
  const browser = new WebBrowser()
  t.equal((await browser.visit(web.callback(await startLogin(browser, url)))).status, 503)
})

const now = Math.floor(Date.now() / 1000)

/** One fault in an otherwise correct token response. */
const faults: Record<string, Partial<Pick<WebIssuer, 'idClaims' | 'idHeader' | 'response'>>> = {
  'for another client': { idClaims: { aud: 'another' } },
  'for several clients with another azp': {
    idClaims: { aud: ['gatehouse-web', 'another'], azp: 'another' },
  },
  'of another issuer': { idClaims: { iss: 'https://evil.example/' } },
  'with another nonce': { idClaims: { nonce: 'another' } },
  'without a nonce': { idClaims: { nonce: undefined } },
  expired: { idClaims: { exp: now - 60 } },
  'without an expiry': { idClaims: { exp: undefined } },
  'without a subject': { idClaims: { sub: undefined } },
  'with a subject that no database stores': { idClaims: { sub: 'a\0b' } },
  'with a subject that is not well-formed': { idClaims: { sub: 'auth0|\ud800' } },
  'with a subject of more than 255 characters': { idClaims: { sub: 'x'.repeat(256) } },
  'by an unknown key': { idHeader: { kid: 'unknown' } },
  'of another type': { idHeader: { typ: 'logout+jwt' } },
  absent: { response: { id_token: undefined } },
  unsigned: { response: { id_token: rawToken({ alg: 'none' }, {}, () => Buffer.from('')) } },
}

for (const [circumstance, fault] of Object.entries(faults)) {
  t.test(`an ID token ${circumstance} is rejected`, async (t) => {
    const { url, web } = await startWithIssuer(t)
    await isRejected(t, url, web, () => Object.assign(web, fault))
  })
}

t.test('an ID token signed by a key of another issuer is rejected', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await isRejected(t, url, web, () => {
    issuer.keys = [{ ...issuer.newestKey, privateKey }]
  })
})

t.test('after a key rotation users can log in at once', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  await loggedInAt({ url }, web)
  await issuer.addKey('key-2')
  const browser = await loggedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
})

t.test('while the key set is unavailable the known keys serve', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  await loggedInAt({ url }, web)
  issuer.misbehavesOnlyWithKeys = true
  issuer.misbehaviour = misbehaviours['answers 500']
  const browser = await loggedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)

  await issuer.addKey('key-2')
  const { status, headers } = await browser.visit(web.callback(await startLogin(browser, url)))
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '5')
})

t.test('an ID token signed by a removed key is rejected', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  const removed = issuer.newestKey
  await loggedInAt({ url }, web)
  await issuer.addKey('key-2')
  issuer.removeKey('key-1')
  await isRejected(t, url, web, () => {
    web.idTokenKey = removed
  })
})

async function isRejected(t: Test, url: string, web: WebIssuer, spoil: () => void) {
  const good = await loggedInAt({ url }, web)
  t.equal((await good.visit(`${url}/profile`)).status, 200)
  spoil()
  const browser = new WebBrowser()
  const { status, text } = await browser.visit(web.callback(await startLogin(browser, url)))
  t.equal(status, 400)
  t.match(text, 'The login could not be completed')
  t.equal(sessionCookie(browser, url), undefined)
}

t.test('the client secret is sent in the form to issuers that support it, else by Basic', async (t) => {
  const { url, web } = await startWithIssuer(t)
  await loggedInAt({ url }, web)
  t.notMatch(web.requests[0], { client_secret: String })

  const another = await startWithIssuer(t)
  another.issuer.discovery = {
    ...discoveryOf(another.issuer),
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  }
  await loggedInAt(another, another.web)
  t.match(another.web.requests[0], { client_secret: 'gatehouse-web-secret', client_id: 'gatehouse-web' })
})

t.test('of several issuers the first one is used for login', async (t) => {
  const { web } = await startWithIssuer(t)
  const second = await startWithIssuer(t, { AUTH0_DOMAIN: `${web.issuer.url},http://127.0.0.1:1/` })
  const { status, headers } = await new WebBrowser().visit(`${second.url}/login`)
  t.equal(status, 302)
  t.match(headers.get('location'), web.issuer.url)
})
