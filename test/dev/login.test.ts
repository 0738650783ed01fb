import { mock } from 'node:test'
import { test } from 'tap'
import { Browser } from './helpers/browser.ts'
import {
  allPermissions,
  api,
  authorizeUrl,
  callback,
  exchange,
  postToken,
  tenantFor,
  verified,
  webApp,
} from './helpers/tenant.ts'

const admin = { email: 'admin@example.com', password: 'admin-password' }

test('after a login the client gets a code that it exchanges for tokens', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  t.equal(browser.heading, 'Log in')
  await browser.submit(admin)

  t.equal(browser.left?.href.split('?')[0], callback)
  t.equal(browser.left?.searchParams.get('state'), 'a-state')
  const code = browser.left?.searchParams.get('code') ?? ''

  const wrong = await exchange(tenant, code, {
    code_verifier: 'another-verifier-that-is-long-enough-to-be-taken',
  })
  t.same(wrong, {
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Invalid authorization code' },
  })
  const { status, body } = await exchange(tenant, code)
  t.equal(status, 200)

  const { payload } = await verified(tenant, body.access_token)
  t.match(payload, {
    azp: 'gatehouse-web',
    sub: /^auth0\|[0-9a-f]{24}$/,
    scope: `openid profile email offline_access ${allPermissions.join(' ')}`,
  })
  t.same(payload.aud, [api, `${tenant.issuer}userinfo`])
  t.same(payload.permissions, allPermissions)
  t.notOk('gty' in payload)

  const { payload: identity } = await verified(tenant, body.id_token, 'gatehouse-web')
  t.match(identity, { nonce: 'a-nonce', sid: String, email: admin.email, nickname: 'admin' })

  const refreshed = await postToken(tenant, {
    grant_type: 'refresh_token',
    client_id: 'gatehouse-web',
    client_secret: 'gatehouse-web-secret',
    refresh_token: body.refresh_token ?? '',
  })
  t.equal(refreshed.status, 200)
  t.match((await verified(tenant, refreshed.body.id_token, 'gatehouse-web')).payload, { sid: identity.sid })

  t.match(await exchange(tenant, code), { status: 403, body: { error: 'invalid_grant' } })
})

test('scopes of the code flow are narrowed to the assigned permissions', async (t) => {
  const tenant = await tenantFor(t)
  const reader = { email: 'reader@example.com', password: 'reader-password' }
  const member = { email: 'member@example.com', password: 'member-password' }
  const scopeFor = async (user: typeof admin, scope: string) => {
    const browser = new Browser(tenant.issuer)
    await browser.open(authorizeUrl(tenant, { scope, nonce: '' }))
    await browser.submit(user)
    const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
    return (await verified(tenant, body.access_token)).payload.scope
  }
  t.equal(await scopeFor(reader, 'openid'), 'openid read:messages')
  t.equal(await scopeFor(reader, 'openid write:messages'), 'openid')
  t.equal(await scopeFor(admin, 'openid read:users'), 'openid read:users')
  t.equal(await scopeFor(member, 'openid'), 'openid')
  t.equal(await scopeFor(member, 'read:messages'), undefined)
})

test('the public client logs in with PKCE alone, to any port of the machine', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  const spa = { client_id: 'gatehouse-spa', redirect_uri: 'http://localhost:4040/some/page' }
  await browser.open(authorizeUrl(tenant, spa))
  await browser.submit(admin)
  const { status, body } = await postToken(tenant, {
    grant_type: 'authorization_code',
    ...spa,
    code: browser.left?.searchParams.get('code') ?? '',
    code_verifier: 'a-code-verifier-that-is-long-enough-to-be-taken',
  })
  t.equal(status, 200)
  t.ok(body.refresh_token)

  const rejected = 'http://localhost.evil.example:4040/'
  await browser.open(authorizeUrl(tenant, { ...spa, redirect_uri: rejected }))
  t.equal(browser.page.status, 400)
  t.equal(browser.heading, 'Something went wrong')
  t.match(browser.page.text, `The redirect_uri &quot;${rejected}&quot; is not an allowed callback URL.`)
  t.match(
    browser.page.text,
    'Create the file tenant.json, and add it to &quot;callbacks&quot; of the application &quot;gatehouse-spa&quot;',
  )
  await browser.open(authorizeUrl(tenant, { ...spa, code_challenge: '', code_challenge_method: '' }))
  t.equal(browser.left?.searchParams.get('error'), 'invalid_request', 'PKCE is required')
})

test('a user who is logged in is not asked again, except with prompt=login', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { prompt: 'none' }))
  t.equal(browser.left?.searchParams.get('error'), 'login_required')
  await browser.open(authorizeUrl(tenant))
  await browser.submit(admin)
  for (const more of [{}, { prompt: 'none' }, { prompt: 'consent' }]) {
    await browser.open(authorizeUrl(tenant, more))
    t.ok(browser.left?.searchParams.get('code'))
  }
  await browser.open(authorizeUrl(tenant, { prompt: 'login' }))
  t.equal(browser.heading, 'Log in')
})

test('screen_hint=signup shows the sign-up page, and each page links to the other', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { screen_hint: 'signup' }))
  t.equal(browser.heading, 'Sign up')
  await browser.open(new URL('?screen=login', browser.page.url).href)
  t.equal(browser.heading, 'Log in')
  t.match(browser.page.text, 'href="?screen=signup"')
})

test('a new account has no permissions, and a subject derived from the e-mail address', async (t) => {
  const tenant = await tenantFor(t)
  const newcomer = { email: 'New.Comer@example.org', password: 'a-long-password' }
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { screen_hint: 'signup' }))
  await browser.submit(newcomer)
  const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  const { payload } = await verified(tenant, body.id_token, 'gatehouse-web')
  t.match(payload, { sub: /^auth0\|[0-9a-f]{24}$/, email: 'new.comer@example.org', email_verified: false })
  t.same((await verified(tenant, body.access_token)).payload.permissions, [])

  const elsewhere = new Browser(tenant.issuer)
  await elsewhere.open(authorizeUrl(tenant))
  await elsewhere.submit(newcomer)
  const again = await exchange(tenant, elsewhere.left?.searchParams.get('code') ?? '')
  t.equal((await verified(tenant, again.body.access_token)).payload.sub, payload.sub)
})

test('a form with invalid fields is shown again with messages', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  const login = authorizeUrl(tenant)
  const signup = authorizeUrl(tenant, { screen_hint: 'signup' })
  const cases = [
    [login, { ...admin, password: 'wrong' }, 'Wrong email or password.'],
    [login, { email: '', password: '' }, 'Enter your email address.'],
    [login, { ...admin, password: '' }, 'Enter your password.'],
    [signup, { email: 'nonsense', password: 'a-long-password' }, 'Enter an email address like'],
    [signup, { email: 'a@example.org', password: 'short' }, 'at least 8 characters'],
    [signup, { ...admin, email: 'ADMIN@example.com' }, 'There is an account with this email address'],
  ] as const
  for (const [url, fields, message] of cases) {
    await browser.open(url)
    await browser.submit(fields)
    t.equal(browser.page.status, 400)
    t.match(browser.page.text, message)
    t.notOk(fields.password && browser.page.text.includes(`value="${fields.password}"`))
  }
  t.equal(browser.left, undefined)
})

test('pages escape input, forbid scripts and are not cached', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  const markup = '"><script>alert(1)</script>'
  const pages = [
    async () => browser.open(authorizeUrl(tenant, { login_hint: markup })),
    async () => browser.submit({ email: markup, password: 'wrong' }),
    async () => browser.open(authorizeUrl(tenant, { screen_hint: 'signup' })),
    async () => browser.submit({ email: markup, password: markup }),
    async () => browser.open(`${tenant.issuer}v2/logout?returnTo=${encodeURIComponent(markup)}`),
    async () => browser.open(authorizeUrl(tenant, { client_id: markup })),
  ]
  for (const open of pages) {
    await open()
    t.ok(browser.heading)
    t.notMatch(browser.page.text, '<script')
    t.match(browser.page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/)
    t.equal(browser.page.headers.get('cache-control'), 'no-store')
  }
})

test('pages have the mark and the fonts of the theme', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  const { text, headers } = browser.page
  t.match(headers.get('content-security-policy'), "font-src 'self'; img-src 'self';")
  t.match(text, '--ground: light-dark(')
  const addresses = [...text.matchAll(/(?:url\(|src=|href=)"(\/[^"]+)"/g)].map(([, address]) => address)
  t.strictSame(
    new Set(addresses),
    new Set(
      ['inter.woff2', 'space-grotesk.woff2', 'fira-code.woff2', 'mark.svg'].map((name) => `/theme/${name}`),
    ),
  )
  for (const address of addresses) {
    const response = await fetch(new URL(`${address}`, tenant.issuer))
    t.equal(response.status, 200, `${address}`)
    t.match(response.headers.get('content-type'), /^(font\/woff2|image\/svg\+xml)/)
    t.equal(response.headers.get('cache-control'), 'max-age=3600')
  }
  for (const [name, method] of [
    ['theme.css', 'GET'],
    ['..%2ftheme.css', 'GET'],
    ['other.svg', 'GET'],
    ['mark.svg', 'POST'],
  ] as const) {
    t.equal((await fetch(`${tenant.issuer}theme/${name}`, { method })).status, 404, name)
  }
})

test('an unknown audience is returned to the client as access_denied', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { audience: 'nope' }))
  t.equal(browser.left?.searchParams.get('error'), 'access_denied')
  t.equal(browser.left?.searchParams.get('error_description'), 'Service not found: nope')
})

test('a login page that was open for too long leads back to the application', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 61 * 60 * 1000 })
  t.teardown(() => mock.timers.reset())
  await browser.submit(admin)
  t.equal(browser.page.status, 400)
  t.equal(browser.heading, 'This login has expired')
  t.match(browser.page.text, `<a href="${webApp}">Back to the application</a>`)
})

test('a login page that was opened in another browser leads back to the application', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(`${tenant.issuer}u/unknown`)
  t.equal(browser.heading, 'This login has expired')
})
