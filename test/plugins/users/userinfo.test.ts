import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { COOLDOWN_MS, mayHaveProfile, TIMEOUT_MS, Userinfo } from '../../../src/plugins/users/userinfo.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'
import { trustedIssuer } from '../../helpers/trusted-issuer.ts'

const subject = 'auth0|1'
const profile = {
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada',
  picture: 'https://example.com/a.png',
}
const claims = {
  sub: subject,
  email: profile.email,
  email_verified: true,
  name: 'Ada',
  picture: profile.picture,
}

const answer = (body: unknown) => (_request: unknown, response: ServerResponse) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))

async function start(t: Test) {
  const issuer = await TestIssuer.start(t)
  issuer.userinfo = answer(claims)
  const trusted = trustedIssuer(issuer.url)
  const failures: string[] = []
  const userinfo = new Userinfo({
    issuers: new Map([[issuer.url, trusted]]),
    onFailure: (name, error) => failures.push(`${name} ${(error as Error).message}`),
  })
  const token = (more: object = {}) =>
    trusted.mapClaims({ iss: issuer.url, sub: subject, aud: AUDIENCE, exp: 1, scope: 'openid', ...more }, [
      '/',
    ])
  const lookUp = (now = 0, more = {}) => userinfo.lookUp(token(more), 'Bearer the-token', now)
  return { issuer, failures, token, lookUp }
}

t.test('the profile is requested with the token in the header', async (t) => {
  const { issuer, failures, lookUp } = await start(t)
  t.strictSame(await lookUp(), profile)
  t.strictSame(issuer.userinfoRequests, ['Bearer the-token'])
  t.strictSame(failures, [])
})

t.test('only tokens valid for the endpoint are sent to it', async (t) => {
  const { issuer, token, lookUp } = await start(t)
  const cases: [more: object, mayHave: boolean, isAsked: boolean][] = [
    [{ scope: 'openid profile' }, true, true],
    [{ scope: 'read:messages', aud: [AUDIENCE, `${issuer.url}userinfo`] }, true, true],
    [{ scope: undefined, aud: [AUDIENCE, 'https://other.test'] }, true, false],
    [{ scope: undefined, aud: [AUDIENCE] }, false, false],
    [{ scope: 'openid-not', aud: AUDIENCE }, false, false],
    [{ scope: 'openid', cnf: { jkt: 'x' } }, false, true],
  ]
  for (const [more, mayHave, isAsked] of cases) {
    const before = issuer.userinfoRequests.length
    t.equal(mayHaveProfile(token(more)), mayHave)
    t.equal((await lookUp(0, more)) !== undefined, isAsked)
    t.equal(issuer.userinfoRequests.length - before, isAsked ? 1 : 0)
  }
})

t.test('email_verified as the text "true" or "false" is a boolean', async (t) => {
  const { issuer, lookUp } = await start(t)
  const verified = async (email_verified: unknown) => {
    issuer.userinfo = answer({ sub: subject, email: 'ada@example.com', email_verified })
    return (await lookUp())?.emailVerified
  }
  t.equal(await verified('true'), true)
  t.equal(await verified('false'), false)
  t.equal(await verified('yes'), null)
})

t.test('malformed claims are omitted, and a profile without email and name is undefined', async (t) => {
  const { issuer, lookUp } = await start(t)
  const look = async (body: object) => {
    issuer.userinfo = answer({ sub: subject, ...body })
    return lookUp()
  }
  const none = { email: null, emailVerified: null, name: null, picture: null }
  t.strictSame(await look({ name: 'Ada', email: 7, email_verified: 1, picture: '' }), {
    ...none,
    name: 'Ada',
  })
  t.strictSame(await look({ name: 'x\0y', email: 'a@b.c', picture: 'x'.repeat(2001) }), {
    ...none,
    email: 'a@b.c',
  })
  t.equal(await look({ picture: 'https://example.com/a.png' }), undefined)
  t.equal(await look({}), undefined)
})

t.test('an issuer that fails is not asked during its cooldown, and asked again afterwards', async (t) => {
  const { issuer, failures, lookUp } = await start(t)
  const start_ = 1_000_000
  const bad: [answer: TestIssuer['userinfo'], message: RegExp][] = [
    [(_request, response) => response.writeHead(429).end(), / answered 429$/],
    [(_request, response) => response.writeHead(503).end(), / answered 503$/],
    [(_request, response) => response.end('<!doctype html>'), /JSON/],
    [answer({ ...claims, sub: 'auth0|2' }), / answered with another sub$/],
    [answer({ email: 'eve@example.com' }), / answered with another sub$/],
    [(_request, response) => response.destroy(), /fetch failed/],
  ]
  for (const [index, [misbehave, message]] of bad.entries()) {
    const now = start_ + index * 10 * COOLDOWN_MS
    issuer.userinfo = misbehave
    t.equal(await lookUp(now), undefined)
    t.match(failures.at(-1), message)
    issuer.userinfo = answer(claims)
    const asked = issuer.userinfoRequests.length
    t.equal(await lookUp(now + COOLDOWN_MS - 1), undefined)
    t.equal(issuer.userinfoRequests.length, asked)
    t.strictSame(await lookUp(now + COOLDOWN_MS), profile)
  }
  t.equal(failures.length, bad.length)
})

t.test('a look-up at an issuer that hangs ends at the timeout', async (t) => {
  const { issuer, failures, lookUp } = await start(t)
  issuer.userinfo = () => {}
  const start_ = performance.now()
  t.equal(await lookUp(), undefined)
  const ms = performance.now() - start_
  t.ok(ms >= TIMEOUT_MS - 50, `${ms} ms`)
  t.match(failures, [/no answer in|timeout/])
})

t.test('an issuer whose endpoint is missing or not https is not asked', async (t) => {
  for (const userinfo_endpoint of [undefined, 7, 'http://elsewhere.test/userinfo', 'not a URL']) {
    const { issuer, failures, lookUp } = await start(t)
    issuer.discovery = { issuer: issuer.url, userinfo_endpoint }
    t.equal(await lookUp(), undefined)
    t.match(failures, [/userinfo_endpoint is missing or not https/])
    t.strictSame(issuer.userinfoRequests, [])
  }
})

t.test(
  'a rejected token does not start the cooldown: the next caller is looked up immediately',
  async (t) => {
    const { issuer, failures, lookUp } = await start(t)
    for (const status of [400, 401, 403, 404]) {
      issuer.userinfo = (_request, response) => response.writeHead(status).end()
      t.equal(await lookUp(), undefined)
      t.match(failures.at(-1), new RegExp(` answered ${status}$`))
      issuer.userinfo = answer(claims)
      t.strictSame(await lookUp(), profile)
    }
  },
)
