import { test } from 'tap'
import { Browser } from './helpers/browser.ts'
import {
  authorizeUrl,
  clientCredentials,
  exchange,
  passwordGrant,
  postToken,
  tenantFor,
  verified,
} from './helpers/tenant.ts'

const reader = { email: 'reader@example.com', password: 'reader-password' }
const [password, pin] = ['urn:gatehouse:password', 'urn:gatehouse:pin']

type Tenant = Awaited<ReturnType<typeof tenantFor>>

/** Exchanges the code that the browser has received. @returns claims of access token and ID token */
async function tokens(tenant: Tenant, browser: Browser) {
  const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  browser.left = undefined
  const access = (await verified(tenant, body.access_token)).payload
  const identity = (await verified(tenant, body.id_token, 'gatehouse-web')).payload
  return { access, identity, refreshToken: body.refresh_token ?? '' }
}

test('the discovery document lists the classes of authentication', async (t) => {
  const tenant = await tenantFor(t)
  const response = await fetch(`${tenant.issuer}.well-known/openid-configuration`)
  t.match(await response.json(), { acr_values_supported: [password, pin] })
})

test('access tokens of users say when and how the user has logged in, also after a refresh', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  const before = Math.floor(Date.now() / 1000)
  await browser.submit(reader)
  const { access, refreshToken } = await tokens(tenant, browser)
  t.match(access, { acr: password, auth_time: Number })
  t.ok(Math.abs(Number(access.auth_time) - before) <= 2)

  const { body } = await postToken(tenant, {
    grant_type: 'refresh_token',
    client_id: 'gatehouse-web',
    client_secret: 'gatehouse-web-secret',
    refresh_token: refreshToken,
  })
  const { acr, auth_time } = (await verified(tenant, body.access_token)).payload
  t.strictSame({ acr, auth_time }, { acr: password, auth_time: access.auth_time })
})

test('the password grant counts as a login with a password, and a machine has not logged in', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await passwordGrant(tenant, 'reader', { scope: 'openid offline_access' })
  t.match((await verified(tenant, body.access_token)).payload, { acr: password, auth_time: Number })
  const client = { client_id: 'gatehouse-test', client_secret: 'gatehouse-test-secret' }
  const refreshed = await postToken(tenant, {
    grant_type: 'refresh_token',
    ...client,
    refresh_token: body.refresh_token ?? '',
  })
  t.match((await verified(tenant, refreshed.body.access_token)).payload, { acr: password, auth_time: Number })
  const machine = (await verified(tenant, (await clientCredentials(tenant)).body.access_token)).payload
  t.notOk('acr' in machine || 'auth_time' in machine)
})

test('a login with the class of the PIN asks for password and PIN', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { acr_values: `urn:unknown ${pin}` }))
  t.equal(browser.heading, 'Log in')
  await browser.submit(reader)
  t.equal(browser.heading, 'Enter your PIN')
  t.match(browser.page.text, '<code>2468</code>')
  await browser.submit({ pin: '1357' })
  t.equal(browser.page.status, 400)
  t.match(browser.page.text, 'Wrong PIN.')
  await browser.submit({ pin: '2468' })
  const { access, identity } = await tokens(tenant, browser)
  t.equal(access.acr, pin)
  t.equal(identity.acr, pin)
})

test('a session with a password is asked for the PIN only, and keeps its class', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  await browser.submit(reader)
  t.equal((await tokens(tenant, browser)).access.acr, password)

  await browser.open(authorizeUrl(tenant, { acr_values: pin }))
  t.equal(browser.heading, 'Enter your PIN')
  await browser.submit({ pin: '2468' })
  t.equal((await tokens(tenant, browser)).access.acr, pin)

  for (const acr_values of [pin, `${password} ${pin}`, 'urn:unknown', '']) {
    await browser.open(authorizeUrl(tenant, { acr_values }))
    t.equal((await tokens(tenant, browser)).access.acr, pin, acr_values)
  }
  await browser.open(authorizeUrl(tenant, { acr_values: password }))
  t.equal(browser.heading, 'Log in', 'the session has another class than the requested one')
})

test('a login that must be recent asks for the password again, and then for the PIN', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  await browser.submit(reader)
  await tokens(tenant, browser)

  await browser.open(authorizeUrl(tenant, { max_age: '60' }))
  t.match((await tokens(tenant, browser)).identity, { auth_time: Number }, 'recent enough')

  await browser.open(authorizeUrl(tenant, { max_age: '0', acr_values: pin }))
  t.equal(browser.heading, 'Log in')
  await browser.submit(reader)
  t.equal(browser.heading, 'Enter your PIN')
  await browser.submit({ pin: '2468' })
  t.match((await tokens(tenant, browser)).identity, { auth_time: Number, acr: pin })
})

test('without a page, a class that the session lacks is an error for the client', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  await browser.submit(reader)
  await browser.open(authorizeUrl(tenant, { acr_values: pin, prompt: 'none' }))
  t.equal(browser.left?.searchParams.get('error'), 'login_required')
})
