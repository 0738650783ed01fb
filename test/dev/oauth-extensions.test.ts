import { decodeJwt } from 'jose'
import { test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { Browser } from './helpers/browser.ts'
import { api, authorizeUrl, exchange, postToken, tenantFor, verified } from './helpers/tenant.ts'

const reader = { email: 'reader@example.com', password: 'reader-password' }

async function post({ issuer }: Tenant, path: string, fields: Record<string, string>) {
  const response = await fetch(issuer + path, { method: 'POST', body: new URLSearchParams(fields) })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

function hiddenFields(page: string): Record<string, string> {
  const inputs = page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)
  return Object.fromEntries([...inputs].map(([, name, value]) => [name, value]))
}

test('a device gets tokens after the user has confirmed its code', async (t) => {
  const tenant = await tenantFor(t)
  const client = { client_id: 'gatehouse-native' }
  const { body: device } = await post(tenant, 'oauth/device/code', {
    ...client,
    audience: api,
    scope: 'openid offline_access',
  })
  t.match(device, { verification_uri: `${tenant.issuer}activate`, user_code: String, device_code: String })
  const poll = () =>
    postToken(tenant, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      ...client,
      device_code: device.device_code ?? '',
    })
  t.match((await poll()).body, { error: 'authorization_pending' })

  const browser = new Browser(tenant.issuer)
  const activate = `${tenant.issuer}activate`
  const send = (fields: Record<string, string>) =>
    browser.open(activate, {
      method: 'POST',
      body: new URLSearchParams({ ...hiddenFields(browser.page.text), ...fields }),
    })
  await browser.open(activate)
  t.equal(browser.heading, 'Activate your device')
  await send({ user_code: 'WRNG-WRNG' })
  t.match(browser.page.text, 'This code is not valid')
  await send({ user_code: device.user_code ?? '' })
  t.match(browser.page.text, 'gatehouse-native')
  await send({ confirm: 'yes' })
  t.equal(browser.heading, 'Log in')
  await browser.submit(reader)
  t.equal(browser.heading, 'Device activated')

  const { status, body } = await poll()
  t.equal(status, 200)
  t.match((await verified(tenant, body.access_token)).payload, { permissions: ['read:messages'] })
  t.ok(body.refresh_token)
})

test('a pushed authorization request has the scopes that were pushed', async (t) => {
  const tenant = await tenantFor(t)
  const scope = 'openid offline_access read:messages'
  const fields = Object.fromEntries(new URL(authorizeUrl(tenant, { scope })).searchParams)
  const secret = { client_secret: 'gatehouse-web-secret' }
  const pushed = await post(tenant, 'oauth/par', { ...fields, ...secret })
  t.equal(pushed.status, 201)
  const browser = new Browser(tenant.issuer)
  const query = { client_id: 'gatehouse-web', request_uri: pushed.body.request_uri ?? '' }
  await browser.open(`${tenant.issuer}authorize?${new URLSearchParams(query)}`)
  await browser.submit(reader)
  const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  t.equal(body.scope, scope)
  t.ok(body.refresh_token)
})

test('a client registers itself for scopes of the API and logs a user in', async (t) => {
  const tenant = await tenantFor(t)
  const redirect = 'http://localhost:7777/callback'
  const response = await fetch(`${tenant.issuer}oidc/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'a program',
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'openid read:messages',
      application: { callbacks: ['http://evil.example/'] },
    }),
  })
  t.equal(response.status, 201)
  const client = (await response.json()) as { client_id: string; scope: string }
  t.equal(client.scope, 'openid read:messages')
  t.notOk('application' in client)

  const browser = new Browser(tenant.issuer)
  const request = { client_id: client.client_id, redirect_uri: redirect, resource: api }
  await browser.open(authorizeUrl(tenant, { ...request, scope: client.scope }))
  await browser.submit(reader)
  const { body } = await postToken(tenant, {
    grant_type: 'authorization_code',
    client_id: client.client_id,
    redirect_uri: redirect,
    code: browser.left?.searchParams.get('code') ?? '',
    code_verifier: 'a-code-verifier-that-is-long-enough-to-be-taken',
  })
  t.match(decodeJwt(body.access_token ?? ''), { scope: 'openid read:messages' })
  await browser.open(authorizeUrl(tenant, { ...request, redirect_uri: 'http://localhost:7777/elsewhere' }))
  t.equal(browser.page.status, 400)
})
