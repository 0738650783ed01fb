import { test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { Browser } from './helpers/browser.ts'
import { authorizeUrl, callback, exchange, tenantFor, verified } from './helpers/tenant.ts'

const reader = { email: 'reader@example.com', password: 'reader-password' }
const spa = { client_id: 'gatehouse-spa', redirect_uri: 'http://127.0.0.1:5173' }

async function loggedIn(tenant: Tenant): Promise<Browser> {
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant))
  await browser.submit(reader)
  return browser
}

test('a silent login posts the code to the origin of the application', async (t) => {
  const tenant = await tenantFor(t)
  const browser = new Browser(tenant.issuer)
  const silent = authorizeUrl(tenant, { ...spa, response_mode: 'web_message', prompt: 'none' })
  await browser.open(silent)
  t.match(browser.page.text, '"error":"login_required"')

  await browser.open(authorizeUrl(tenant, spa))
  await browser.submit(reader)
  await browser.open(silent)
  t.equal(browser.page.status, 200)
  t.match(browser.page.text, '"code":"')
  t.match(browser.page.text, `, "${spa.redirect_uri}")</script>`)
  t.notMatch(
    browser.page.text,
    'close()',
    'a popup that closes itself can be gone before its message arrives',
  )
  t.equal(browser.page.headers.get('x-frame-options'), null)
})

test('a silent login is rejected from an origin that the application does not list', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const docs = { client_id: 'gatehouse-docs', redirect_uri: 'http://localhost:1/docs/' }
  await browser.open(authorizeUrl(tenant, { ...docs, response_mode: 'web_message', prompt: 'none' }))
  t.equal(browser.page.status, 400)
  t.match(browser.page.text, 'The origin &quot;http://localhost:1&quot; is not an allowed web origin.')
  await browser.open(authorizeUrl(tenant, { ...docs, prompt: 'none' }))
  t.ok(browser.left?.searchParams.get('code'), 'the same request by redirect')
})

test('a web application gets an ID token by form_post, also with a code', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const form = { response_mode: 'form_post', nonce: 'another-nonce' }
  const posted = async (responseType: string) => {
    await browser.open(authorizeUrl(tenant, { ...form, response_type: responseType }))
    const inputs = browser.page.text.matchAll(/name="(\w+)" value="([^"]*)"/g)
    return Object.fromEntries([...inputs].map(([, name, value]) => [name, value]))
  }
  const implicit = await posted('id_token')
  t.match(browser.page.text, `<form method="post" action="${callback}">`)
  t.notOk(implicit.code)
  const { payload } = await verified(tenant, implicit.id_token, 'gatehouse-web')
  t.match(payload, { nonce: 'another-nonce', email: reader.email })

  const hybrid = await posted('code id_token')
  t.match((await verified(tenant, hybrid.id_token, 'gatehouse-web')).payload, { c_hash: String })
  t.equal((await exchange(tenant, hybrid.code ?? '')).status, 200)
})

test('a single-page application gets no ID token from /authorize', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  await browser.open(authorizeUrl(tenant, { ...spa, response_type: 'id_token', response_mode: 'form_post' }))
  t.match(browser.page.text, 'value="invalid_request"')
})

test('errors are JSON for callers that ask for JSON', async (t) => {
  const { issuer } = await tenantFor(t)
  const requests: [path: string, error: string, init?: RequestInit][] = [
    ['nowhere', 'not_found'],
    ['authorize?client_id=unknown', 'invalid_client'],
    ['v2/logout?returnTo=http://evil.example', 'invalid_request'],
    ['nowhere', 'not_found', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
  ]
  for (const [path, error, init = { headers: { accept: 'application/json' } }] of requests) {
    const response = await fetch(issuer + path, init)
    t.match(response.headers.get('content-type'), 'application/json')
    t.match(await response.json(), { error, error_description: String })
  }
})

test('the metadata of RFC 8414 equals the discovery document', async (t) => {
  const { issuer } = await tenantFor(t)
  const metadata = async (name: string) => (await fetch(`${issuer}.well-known/${name}`)).json()
  t.same(await metadata('oauth-authorization-server'), await metadata('openid-configuration'))
})
