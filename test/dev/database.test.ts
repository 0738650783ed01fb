import t, { type Test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { Browser } from './helpers/browser.ts'
import { passwordGrant, tenantFor, verified } from './helpers/tenant.ts'

const newcomer = { client_id: 'gatehouse-web', email: 'New@example.org', password: 'a-long-password' }

function post({ issuer }: Tenant, path: string, fields: object): Promise<Response> {
  return fetch(`${issuer}dbconnections/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  })
}

/** Collects what the process writes to standard error. */
function capturedErrors(t: Test): string[] {
  const lines: string[] = []
  const { write } = process.stderr
  process.stderr.write = (text) => lines.push(String(text)) > 0
  t.teardown(() => {
    process.stderr.write = write
  })
  return lines
}

t.test('/dbconnections/signup creates an account that can log in', async (t) => {
  const tenant = await tenantFor(t)
  const response = await post(tenant, 'signup', {
    ...newcomer,
    connection: 'Username-Password-Authentication',
  })
  t.equal(response.status, 200)
  const account = (await response.json()) as { _id: string }
  t.match(account, { _id: /^[0-9a-f]{24}$/, email: 'new@example.org', email_verified: false })
  const { body } = await passwordGrant(tenant, '', { username: newcomer.email, password: newcomer.password })
  t.equal((await verified(tenant, body.access_token)).payload.sub, `auth0|${account._id}`)
})

t.test('/dbconnections/signup rejects invalid fields with the codes of Auth0', async (t) => {
  const tenant = await tenantFor(t)
  const cases: [object, string][] = [
    [{ ...newcomer, client_id: 'unknown' }, 'invalid_signup'],
    [{ ...newcomer, email: 'admin@example.com' }, 'invalid_signup'],
    [{ ...newcomer, email: undefined }, 'invalid_signup'],
    [{ ...newcomer, password: 'short' }, 'invalid_password'],
  ]
  for (const [fields, code] of cases) {
    const response = await post(tenant, 'signup', fields)
    t.equal(response.status, 400)
    t.match(await response.json(), { code, statusCode: 400 })
  }
  t.match(await (await post(tenant, 'signup', [])).json(), { error: 'invalid_request' })
})

t.test('the link of /dbconnections/change_password changes the password once', async (t) => {
  const printed = capturedErrors(t)
  const tenant = await tenantFor(t)
  const response = await post(tenant, 'change_password', { ...newcomer, email: 'reader@example.com' })
  t.equal(response.status, 200)
  t.equal(await response.text(), "We've just sent you an email to reset your password.")
  const [, link = ''] = /^New password for reader@example.com: (\S+)\n$/.exec(printed.join('')) ?? []

  const browser = new Browser(tenant.issuer)
  await browser.open(link)
  await browser.submit({ password: 'short' })
  t.equal(browser.page.status, 400)
  await browser.submit({ password: 'another-password' })
  t.equal(browser.heading, 'Password changed')
  t.equal((await passwordGrant(tenant, 'reader')).status, 403)
  t.equal((await passwordGrant(tenant, 'reader', { password: 'another-password' })).status, 200)
  await browser.open(link)
  t.equal(browser.page.status, 400)
})

t.test('/dbconnections/change_password answers the same for unknown users, without a link', async (t) => {
  const printed = capturedErrors(t)
  const tenant = await tenantFor(t)
  t.equal((await post(tenant, 'change_password', newcomer)).status, 200)
  t.strictSame(printed, [])
  t.equal((await post(tenant, 'change_password', { email: '' })).status, 400)
})
