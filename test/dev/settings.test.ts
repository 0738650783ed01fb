import { readFileSync } from 'node:fs'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { linesOf } from '../../dev/tenant/json-lines.ts'
import { checkSettings, readSettings } from '../../dev/tenant/settings-file.ts'
import { Browser } from './helpers/browser.ts'
import { authorizeUrl, postToken, tenantFor, webApp } from './helpers/tenant.ts'

const example = `${import.meta.dirname}/../../dev/tenant/tenant.example.json`
const orders = 'https://orders.example.com'
const reports = 'https://reports.example.com'
const job = { client_id: 'nightly-job', client_secret: 'nightly-job-secret' }
const ada = { email: 'ada@example.com', password: 'ada-password' }

function exampleTenant(t: Test) {
  return tenantFor(t, webApp, readSettings(example))
}

/** The messages about the example with a change. */
function faultsWith(change: (settings: ReturnType<typeof JSON.parse>) => void): string[] {
  const settings = JSON.parse(readFileSync(example, 'utf8'))
  change(settings)
  try {
    checkSettings(settings, 'tenant.json')
    return []
  } catch (error) {
    return (error as Error).message.split('\n').slice(1)
  }
}

t.test(
  'a token is for the API named by audience or resource, in its dialect and with its lifetime',
  async (t) => {
    const tenant = await exampleTenant(t)
    const tokenFor = async (fields: Record<string, string>) => {
      const { status, body } = await postToken(tenant, {
        grant_type: 'client_credentials',
        ...job,
        ...fields,
      })
      t.equal(status, 200)
      return body
    }
    const first = await tokenFor({})
    const { iat = 0, exp = 0, ...claims } = decodeJwt(first.access_token ?? '')
    t.match(claims, { aud: orders, azp: 'nightly-job', permissions: ['read:orders', 'write:orders'] })
    t.equal(exp - iat, 3600)
    t.equal(first.expires_in, 3600)
    t.equal(decodeProtectedHeader(first.access_token ?? '').typ, 'JWT')

    for (const name of ['audience', 'resource']) {
      const { access_token: token = '' } = await tokenFor({ [name]: reports })
      const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', tenant.issuer))
      const { payload } = await jwtVerify(token, keys, {
        issuer: tenant.issuer,
        audience: reports,
        typ: 'at+jwt',
        requiredClaims: ['client_id', 'iat', 'exp', 'jti', 'sub'],
      })
      t.match(payload, { client_id: 'nightly-job', scope: 'read:reports' })
      t.notOk('azp' in payload)
    }
  },
)

t.test('an unknown resource is invalid_target, an unknown audience access_denied', async (t) => {
  const tenant = await exampleTenant(t)
  const machine = { grant_type: 'client_credentials', ...job }
  const target = await postToken(tenant, { ...machine, resource: 'https://unknown.example.com' })
  t.match(target, { status: 400, body: { error: 'invalid_target' } })
  const audience = await postToken(tenant, { ...machine, audience: 'https://unknown.example.com' })
  t.match(audience, { status: 403, body: { error: 'access_denied' } })
})

t.test('a login has the permissions of its API, custom claims and the organization', async (t) => {
  const tenant = await exampleTenant(t)
  const spa = { client_id: 'shop', redirect_uri: 'http://localhost:5173/' }
  const browser = new Browser(tenant.issuer)
  const request = { ...spa, audience: '', resource: reports, organization: 'north' }
  const url = new URL(authorizeUrl(tenant, request))
  url.searchParams.delete('audience')
  await browser.open(url.href)
  await browser.submit(ada)
  const { body } = await postToken(tenant, {
    grant_type: 'authorization_code',
    ...spa,
    code: browser.left?.searchParams.get('code') ?? '',
    code_verifier: 'a-code-verifier-that-is-long-enough-to-be-taken',
  })
  const custom = { org_id: 'org_north', org_name: 'north', 'https://example.com/roles': ['manager'] }
  const { permissions, ...claims } = decodeJwt(body.access_token ?? '')
  t.strictSame(permissions, ['read:reports'])
  t.match(claims, { ...custom, client_id: 'shop', aud: [reports, `${tenant.issuer}userinfo`] })
  t.match(decodeJwt(body.id_token ?? ''), { ...custom, name: 'Ada' })

  await browser.open(authorizeUrl(tenant, { ...spa, audience: orders, organization: 'south' }))
  t.equal(browser.left?.searchParams.get('error'), 'access_denied')
})

t.test(
  'refresh tokens rotate for public applications and are detected when they are used twice',
  async (t) => {
    const tenant = await exampleTenant(t)
    const refreshed = async (client: Record<string, string>, redirect: string) => {
      const browser = new Browser(tenant.issuer)
      const { client_id = '' } = client
      await browser.open(authorizeUrl(tenant, { client_id, redirect_uri: redirect, audience: orders }))
      await browser.submit(ada)
      const { body } = await postToken(tenant, {
        grant_type: 'authorization_code',
        ...client,
        redirect_uri: redirect,
        code: browser.left?.searchParams.get('code') ?? '',
        code_verifier: 'a-code-verifier-that-is-long-enough-to-be-taken',
      })
      const first = { grant_type: 'refresh_token', ...client, refresh_token: body.refresh_token ?? '' }
      const once = await postToken(tenant, first)
      const twice = await postToken(tenant, first)
      const next = await postToken(tenant, { ...first, refresh_token: once.body.refresh_token ?? '' })
      return [once.status, twice.status, next.status]
    }
    t.strictSame(await refreshed({ client_id: 'shop' }, 'http://localhost:5173/'), [200, 403, 403])
    const web = { client_id: 'back-office', client_secret: 'back-office-secret' }
    t.strictSame(await refreshed(web, 'http://localhost:5000/callback'), [200, 200, 200])
  },
)

t.test('a URL that is not allowed is rejected with the line of the file that would allow it', async (t) => {
  const lines = readFileSync(example, 'utf8').split('\n')
  const lineOf = (text: string, from = 0) =>
    lines.findIndex((line, at) => at >= from && line.includes(text)) + 1
  const backOffice = lineOf('"id": "back-office"')
  const tenant = await exampleTenant(t)
  const browser = new Browser(tenant.issuer)
  const rejection = async (url: string) => {
    await browser.open(url)
    t.equal(browser.page.status, 400)
    return browser.page.text.replaceAll('&quot;', '"')
  }
  const client = { client_id: 'back-office', redirect_uri: 'http://localhost:9/callback' }
  t.match(
    await rejection(authorizeUrl(tenant, client)),
    `The redirect_uri "${client.redirect_uri}" is not an allowed callback URL. Add it to "callbacks" of the application "back-office" (${example}, line ${lineOf('"callbacks"', backOffice)}).`,
  )
  t.match(
    await rejection(`${tenant.issuer}v2/logout?client_id=back-office&returnTo=http://localhost:9/`),
    `Add it to "logoutUrls" of the application "back-office" (${example}, line ${lineOf('"logoutUrls"', backOffice)}).`,
  )
  const origin = { client_id: 'back-office', redirect_uri: 'http://localhost:5000/callback' }
  t.match(
    await rejection(authorizeUrl(tenant, { ...origin, response_mode: 'web_message' })),
    `Add it to "webOrigins" of the application "back-office" (${example}, line ${backOffice - 1}).`,
    'the application has no such list',
  )
})

t.test('lines of a JSON text are found by path', async (t) => {
  const lines = linesOf('{\n"a,{": "[\\"",\n"b": [{}, {"c":\n-1e3,\n"d": [\n]}],\n"e": {}}')
  t.strictSame(Object.fromEntries(lines), {
    '': 1,
    'a,{': 2,
    b: 3,
    'b/0': 3,
    'b/1': 3,
    'b/1/c': 3,
    'b/1/d': 5,
    e: 7,
  })
})

t.test('every fault of the file is named by its place', async (t) => {
  t.strictSame(
    faultsWith(() => {}),
    [],
  )
  t.strictSame(
    faultsWith((settings) => {
      settings.apis[0].permission = []
      settings.applications[0].type = 'browser'
      settings.users[1].email = 'ben'
      delete settings.organizations[0].id
    }),
    [
      '  apis[0]: must NOT have additional properties: permission',
      '  applications[0].type: must be equal to one of the allowed values: web, spa, native, machine',
      '  users[1].email: must match pattern "^[^\\s@]+@[^\\s@]+$"',
      "  organizations[0]: must have required property 'id'",
    ],
  )
  t.strictSame(
    faultsWith((settings) => {
      settings.apis[1].identifier = 'reports'
      settings.applications[1].id = 'shop'
      settings.applications[1].callbacks[0] = 'callback'
      delete settings.applications[2].secret
      settings.applications[0].callbacks = []
      settings.users[0].permissions[orders].push('eat:orders')
      settings.users[1].organizations = ['org_south']
      settings.claims.roles = '{{user.roles}}'
    }),
    [
      '  applications[1]: shop is there twice',
      '  apis[1].identifier: must be a URI without a fragment, such as https://api.example.com',
      '  applications[0].callbacks: must have a URL for the grant authorization_code',
      '  applications[1].callbacks[0]: must be a URL, which may end in /* or :*',
      '  applications[2].secret: is required for a machine',
      '  users[0].permissions: https://orders.example.com has no permission eat:orders',
      '  users[0].permissions: https://reports.example.com is not the identifier of an API',
      '  users[1].organizations: org_south is not the id of an organization',
      '  claims: roles must be a URL, as the claims of an Auth0 action',
    ],
  )
})

t.test('a file that cannot be read is named', async (t) => {
  const folder = t.testdir({ 'broken.json': '{' })
  t.throws(() => readSettings(`${folder}/broken.json`), { message: /broken\.json cannot be read: / })
  t.throws(() => readSettings(`${folder}/missing.json`), { message: /missing\.json cannot be read: / })
  t.equal(readSettings(undefined), undefined)
})
