import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { rawToken } from '../../helpers/raw-token.ts'
import { sessionCookie } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { askToLogIn, signedInAt, startWithIssuer, type WebIssuer } from '../../helpers/web-issuer.ts'

type Answer = (request: unknown, response: ServerResponse) => void

const outages: Record<string, Answer> = {
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

t.test('an issuer that does not answer as one is an error page in time, and heals', async (t) => {
  const { url, web, issuer, app } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const isOutage = async (path: string | URL, circumstance: string) => {
    const before = performance.now()
    const { status, headers, text } = await browser.visit(path)
    t.equal(status, 503, circumstance)
    t.ok(performance.now() - before < 8_000, 'long before the issuer would have been given up')
    t.equal(headers.get('retry-after'), '5')
    t.match(text, 'The identity provider cannot be reached')
  }
  for (const [circumstance, misbehaviour] of Object.entries(outages)) {
    issuer.misbehaviour = misbehaviour
    if (circumstance === 'is silent') continue // below: what was asked goes on
    await isOutage(`${url}/login`, `discovery ${circumstance}`)
  }
  issuer.misbehaviour = undefined
  t.equal((await browser.visit(`${url}/login`)).status, 302)

  const token = issuer.token
  for (const [circumstance, misbehaviour] of Object.entries(outages)) {
    const callback = web.callback(await askToLogIn(browser, url))
    issuer.token = misbehaviour
    await isOutage(callback, `the token endpoint ${circumstance}`)
    issuer.token = token
  }
  t.equal((await browser.visit(web.callback(await askToLogIn(browser, url)))).status, 302)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
  t.notOk(app.logLines.some(({ level }) => level >= 50))
})

t.test(
  'an issuer that hangs or is gone when the first one wants to log in does not hold up the boot',
  async (t) => {
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
    t.equal((await new WebBrowser().visit(`${another.url}/login`)).status, 302)
  },
)

t.test('a discovery document of another issuer, or that leads out of https, is none', async (t) => {
  const { url, issuer } = await startWithIssuer(t)
  const good = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: `${issuer.url}oauth/token`,
  }
  for (const change of [
    { issuer: 'https://evil.example/' },
    { issuer: issuer.url.slice(0, -1) },
    { issuer: undefined },
    { authorization_endpoint: undefined },
    { authorization_endpoint: 'http://evil.example/authorize' },
    { authorization_endpoint: 'javascript:alert(1)' },
  ]) {
    issuer.discovery = { ...good, ...change }
    t.equal((await new WebBrowser().visit(`${url}/login`)).status, 503, JSON.stringify(change))
  }
  issuer.discovery = good
  t.equal((await new WebBrowser().visit(`${url}/login`)).status, 302)
})

t.test('secrets are not sent over plain http, whatever the discovery document says', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  issuer.discovery = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: 'http://192.0.2.1/oauth/token',
  }
  const browser = new WebBrowser()
  t.equal((await browser.visit(web.callback(await askToLogIn(browser, url)))).status, 503)
})

const now = Math.floor(Date.now() / 1000)

/** What is wrong with the answer to a code; beside it, everything is as it should be. */
const faults: Record<string, Partial<Pick<WebIssuer, 'idClaims' | 'idHeader' | 'answer'>>> = {
  'for another client': { idClaims: { aud: 'another' } },
  'for several clients, given to another': {
    idClaims: { aud: ['gatehouse-web', 'another'], azp: 'another' },
  },
  'of another issuer': { idClaims: { iss: 'https://evil.example/' } },
  'with another nonce': { idClaims: { nonce: 'another' } },
  'without a nonce': { idClaims: { nonce: undefined } },
  expired: { idClaims: { exp: now - 60 } },
  'without an end': { idClaims: { exp: undefined } },
  'without a subject': { idClaims: { sub: undefined } },
  'with a subject that no database takes': { idClaims: { sub: 'a\0b' } },
  'with an endless subject': { idClaims: { sub: 'x'.repeat(3_000) } },
  'by an unknown key': { idHeader: { kid: 'unknown' } },
  'of another type': { idHeader: { typ: 'logout+jwt' } },
  absent: { answer: { id_token: undefined } },
  unsigned: { answer: { id_token: rawToken({ alg: 'none' }, {}, () => Buffer.from('')) } },
}

for (const [circumstance, fault] of Object.entries(faults)) {
  t.test(`an ID token ${circumstance} signs nobody in`, async (t) => {
    const { url, web } = await startWithIssuer(t)
    await isRefused(t, url, web, () => Object.assign(web, fault))
  })
}

t.test('an ID token by a key that is not the issuer’s signs nobody in', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await isRefused(t, url, web, () => {
    issuer.keys = [{ ...issuer.newestKey, privateKey }]
  })
})

t.test('an issuer that has changed its keys signs people in at once', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  await signedInAt({ url }, web)
  await issuer.addKey('key-2')
  const browser = await signedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
})

t.test('without its key set an issuer signs people in by the keys that are known', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  await signedInAt({ url }, web)
  issuer.misbehavesOnlyWithKeys = true
  issuer.misbehaviour = outages['answers 500']
  const browser = await signedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)

  await issuer.addKey('key-2')
  const { status, headers } = await browser.visit(web.callback(await askToLogIn(browser, url)))
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '5')
})

t.test('an ID token by a key that was withdrawn signs nobody in', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  const withdrawn = issuer.newestKey
  await signedInAt({ url }, web)
  await issuer.addKey('key-2')
  issuer.removeKey('key-1')
  await isRefused(t, url, web, () => {
    web.idTokenKey = withdrawn
  })
})

async function isRefused(t: Test, url: string, web: WebIssuer, spoil: () => void) {
  const good = await signedInAt({ url }, web)
  t.equal((await good.visit(`${url}/profile`)).status, 200)
  spoil()
  const browser = new WebBrowser()
  const { status, text } = await browser.visit(web.callback(await askToLogIn(browser, url)))
  t.equal(status, 400)
  t.match(text, 'The login could not be completed')
  t.equal(sessionCookie(browser, url), undefined)
}

t.test('the secret goes by form to issuers that take it so, else in the header', async (t) => {
  const { url, web } = await startWithIssuer(t)
  await signedInAt({ url }, web)
  t.notMatch(web.asked[0], { client_secret: String })

  const another = await startWithIssuer(t)
  another.issuer.discovery = {
    issuer: another.issuer.url,
    jwks_uri: `${another.issuer.url}jwks.json`,
    authorization_endpoint: `${another.issuer.url}authorize`,
    token_endpoint: `${another.issuer.url}oauth/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  }
  await signedInAt(another, another.web)
  t.match(another.web.asked[0], { client_secret: 'gatehouse-web-secret', client_id: 'gatehouse-web' })
})

t.test('of several issuers people sign in at the first', async (t) => {
  const { web } = await startWithIssuer(t)
  const second = await startWithIssuer(t, { AUTH0_DOMAIN: `${web.issuer.url},http://127.0.0.1:1/` })
  const { status, headers } = await new WebBrowser().visit(`${second.url}/login`)
  t.equal(status, 302)
  t.match(headers.get('location'), web.issuer.url)
})
