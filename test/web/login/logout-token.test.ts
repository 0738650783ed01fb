import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { IssuerKey } from '../../helpers/issuer.ts'
import { listenAsWebApp } from '../../helpers/web-app.ts'
import { WebIssuer } from '../../helpers/web-issuer.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const DAY = 86_400
const now = () => Math.floor(Date.now() / 1000)

/** Starts the web app. `status` sends a valid logout token with changes and returns the status. */
async function start(t: Test) {
  const web = await WebIssuer.start(t)
  const environment = { AUTH_CLOCK_TOLERANCE_SECONDS: '60' }
  const app = await listenAsWebApp(t, web.issuer, { environment })
  const send = (logout_token: string) =>
    fetch(`${app.url}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token }) })
  const claims = (changes: object = {}) => ({
    azp: undefined,
    aud: 'gatehouse-web',
    jti: randomUUID(),
    sid: 'session-1',
    exp: now() + 120,
    events: { [event]: {} },
    ...changes,
  })
  const status = async (changes: object = {}, header: object = {}, key?: IssuerKey) =>
    (await send(await web.issuer.sign(claims(changes), { typ: 'logout+jwt', ...header }, key))).status
  return { web, issuer: web.issuer, app, send, claims, status }
}

t.test('every allowed form of a logout token is accepted', async (t) => {
  const { status } = await start(t)
  for (const changes of [
    {},
    { sub: undefined },
    { sid: undefined },
    { aud: ['another', 'gatehouse-web'] },
    { events: { [event]: {}, 'https://example.com/another': 1 } },
    { exp: now() - 3 },
    { exp: now() + 120.5, iat: now() - 0.5 },
    { exp: now() + DAY - 60, iat: now() - DAY + 60 },
  ]) {
    t.equal(await status(changes), 200, JSON.stringify(changes))
  }
  for (const typ of ['logout+jwt', 'Logout+JWT', 'application/logout+jwt', 'JWT', undefined])
    t.equal(await status({}, { typ }), 200, String(typ))
})

t.test('a logout token with any fault is rejected, and the log has the reason', async (t) => {
  const { status, app } = await start(t)
  const text = {
    'not text': 7,
    empty: '',
    'with a zero': 'a\0b',
    'not well formed': 'a\ud800',
    endless: 'x'.repeat(1_001),
  }
  const cases: [detail: string, changes: object, header?: object][] = [
    ['exp was', { exp: now() - 600 }],
    ['exp is missing or not a number', { exp: undefined }],
    ['iat is missing', { iat: undefined }],
    ['iat is not a number', { iat: '1' }],
    ['iat is in the future', { iat: now() + 600 }],
    ['iat is more than one day ago', { iat: now() - DAY - 60 }],
    ['iat is more than one day ago', { iat: 0 }],
    ['iat is more than one day ago', { iat: -1e15 }],
    ['exp is more than one day ahead', { exp: now() + DAY + 60 }],
    ['exp is more than one day ahead', { exp: 1e15 }],
    ['exp is more than one day ahead', { exp: Number.MAX_VALUE }],
    ['exp was', { exp: -1 }],
    ['exp is missing or not a number', { exp: null }],
    ['exp is missing or not a number', { exp: [now()] }],
    ['nbf is in the future', { nbf: now() + 600 }],
    ['aud names another API', { aud: 'another' }],
    ['aud names another API', { aud: 'https://api.test' }],
    ['aud is missing or not text', { aud: undefined }],
    ['iss is not a configured issuer', { iss: 'https://evil.example/' }],
    ['nonce is present', { nonce: 'a' }],
    ['nonce is present', { nonce: null }],
    ['neither sub nor sid', { sub: undefined, sid: undefined }],
    ...Object.values(text).flatMap((value): [string, object][] => [
      ['sub is not text', { sub: value }],
      ['sid is not text', { sid: value }],
      ['jti is missing or not text', { jti: value }],
    ]),
    ['jti is missing or not text', { jti: undefined }],
    ...[undefined, null, 'x', [], {}, { [event]: true }, { [event]: [] }, { another: {} }].map(
      (events): [string, object] => ['events does not name a logout', { events }],
    ),
    ['typ is that of another kind of token', {}, { typ: 'at+jwt' }],
    ['kid is not in the key set of the issuer', {}, { kid: 'unknown' }],
  ]
  for (const [detail, changes, header] of cases) {
    t.equal(await status(changes, header), 400, `${detail}: ${JSON.stringify(changes).slice(0, 80)}`)
    t.match(app.logLines.findLast(({ msg }) => msg === 'request rejected')?.detail, detail)
  }
  t.equal(await status(), 200)
})

t.test('a logout token with another key, another algorithm or no signature is rejected', async (t) => {
  const { status, send, claims, issuer } = await start(t)
  const [key] = issuer.keys
  const stranger = { ...(await issuer.addKey('stranger')), kid: 'key-1' }
  issuer.removeKey('stranger')
  t.equal(await status({}, {}, stranger), 400)
  const payload = issuer.claims(claims())
  const good = issuer.signRaw(issuer.header({ typ: 'logout+jwt' }, key), payload, key)
  for (const token of [
    issuer.signRaw({ alg: 'none', kid: 'key-1' }, payload, key),
    issuer.signRaw({ alg: 'PS256', kid: 'key-1' }, payload, key),
    issuer.signRaw({ ...issuer.header({}, key), crit: ['exp'] }, payload, key),
    good.slice(0, -10),
    good.replace(/\.[^.]+$/, '.'),
    'a.b.c',
    '',
  ]) {
    t.equal((await send(token)).status, 400)
  }
  t.equal((await send(good)).status, 200)
})

t.test('an access token or an ID token is not accepted as a logout token', async (t) => {
  const { send, issuer, web, status } = await start(t)
  t.equal((await send(await issuer.sign())).status, 400)
  t.equal((await send(await issuer.sign({ aud: 'gatehouse-web' }))).status, 400)
  t.equal((await send(await web.idToken({ nonce: 'a' }))).status, 400)
  t.equal((await send(await web.idToken({}))).status, 400)
  t.equal(await status(), 200)
})

t.test('an unavailable issuer is 503, not an error of the token', async (t) => {
  const { status, issuer } = await start(t)
  issuer.misbehaviour = (_request, response) => response.writeHead(500).end()
  t.equal(await status(), 503)
  t.equal(await status({ exp: now() - 600 }), 400, 'checks without the key set still apply')
})

t.test('of several issuers only the first can log users out', async (t) => {
  const other = await WebIssuer.start(t)
  const web = await WebIssuer.start(t)
  const { url } = await listenAsWebApp(t, {
    url: `${web.issuer.url},${other.issuer.url}`,
  })
  const claims = { aud: 'gatehouse-web', jti: 'a', events: { [event]: {} } }
  for (const [{ issuer }, status] of [
    [other, 400],
    [web, 200],
  ] as const) {
    const body = new URLSearchParams({ logout_token: await issuer.sign(claims) })
    t.equal((await fetch(`${url}/backchannel-logout`, { method: 'POST', body })).status, status)
  }
})
