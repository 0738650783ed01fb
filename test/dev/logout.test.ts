import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { Browser } from './helpers/browser.ts'
import { authorizeUrl, callback, exchange, tenantFor, verified, webApp } from './helpers/tenant.ts'

test('/v2/logout ends the session and goes back to an allowed address', async (t) => {
  const tenant = await tenantFor(t)
  for (const returnTo of [webApp, `${webApp}/`]) {
    const browser = await loggedIn(tenant)
    await browser.open(logoutUrl(tenant, { client_id: 'gatehouse-web', returnTo }))
    t.equal(browser.page.status, 302)
    t.equal(browser.left?.href, `${webApp}/`)
    await browser.open(authorizeUrl(tenant))
    t.equal(browser.heading, 'Log in')
  }
})

test('/v2/logout rejects any other address with 400 and does not end the session', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const rejected = [
    { client_id: 'gatehouse-web', returnTo: 'http://evil.example/' },
    { client_id: 'gatehouse-web', returnTo: 'https://localhost:4040/' },
    { client_id: 'gatehouse-docs', returnTo: 'http://localhost:4040/' },
    { client_id: 'gatehouse-spa', returnTo: 'http://localhost.evil.example/' },
    { client_id: 'gatehouse-spa', returnTo: 'http://localhost:4040@evil.example/' },
    { client_id: 'unknown', returnTo: webApp },
    { returnTo: 'http://evil.example/' },
  ]
  for (const query of rejected) {
    await browser.open(logoutUrl(tenant, query))
    t.equal(browser.page.status, 400)
    t.equal(browser.heading, 'Something went wrong')
  }
  await browser.open(authorizeUrl(tenant, { prompt: 'none' }))
  t.ok(browser.left?.searchParams.get('code'), 'still logged in')
})

test('/v2/logout without a client accepts the addresses of all clients; without an address it shows a page', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  await browser.open(logoutUrl(tenant, { returnTo: 'http://localhost:4040/bye' }))
  t.equal(browser.left?.href, 'http://localhost:4040/bye')
  await browser.open(logoutUrl(tenant, {}))
  t.equal(browser.page.status, 200)
  t.equal(browser.heading, 'Logged out')
})

test('logout notifies the web app of the ended session', async (t) => {
  const { baseUrl, received } = await backchannelReceiver(t)
  const tenant = await tenantFor(t, baseUrl)
  const browser = await loggedIn(tenant, `${baseUrl}/callback`)
  const code = browser.left?.searchParams.get('code') ?? ''
  const { body } = await exchange(tenant, code, { redirect_uri: `${baseUrl}/callback` })
  const { payload: identity } = await verified(tenant, body.id_token, 'gatehouse-web')

  await browser.open(logoutUrl(tenant, { client_id: 'gatehouse-web', returnTo: baseUrl }))
  const logoutToken = new URLSearchParams(await received).get('logout_token') ?? ''
  const { payload, protectedHeader } = await verified(tenant, logoutToken, 'gatehouse-web')
  t.equal(protectedHeader.typ, 'logout+jwt')
  t.match(payload, { sub: identity.sub, sid: identity.sid })
  t.match(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} })
})

test('a web app that rejects the notice does not prevent the logout', async (t) => {
  const { baseUrl, received } = await backchannelReceiver(t, 404)
  const tenant = await tenantFor(t, baseUrl)
  const browser = await loggedIn(tenant, `${baseUrl}/callback`)
  await browser.open(logoutUrl(tenant, { client_id: 'gatehouse-web', returnTo: baseUrl }))
  t.match(await received, 'logout_token=')
  t.equal(browser.page.status, 302)
})

test('/oidc/logout with an ID token of the user goes back without a question', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  const query = { id_token_hint: body.id_token ?? '', post_logout_redirect_uri: 'http://localhost:5173/bye' }
  const other = new Browser(tenant.issuer)
  await other.open(authorizeUrl(tenant))
  await other.submit({ email: 'member@example.com', password: 'member-password' })
  await other.open(`${tenant.issuer}oidc/logout?${new URLSearchParams(query)}`)
  t.equal(other.heading, 'Log out', 'an ID token of another user is confirmed')

  await browser.open(`${tenant.issuer}oidc/logout?${new URLSearchParams({ ...query, state: 'a-state' })}`)
  t.equal(browser.left?.href, 'http://localhost:5173/bye?state=a-state')
  await browser.open(authorizeUrl(tenant))
  t.equal(browser.heading, 'Log in')
})

test('/oidc/logout with an ID token and no address shows that the user is logged out', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  await browser.open(`${tenant.issuer}oidc/logout?id_token_hint=${body.id_token}`)
  t.equal(browser.heading, 'Logged out')
})

test('/oidc/logout asks for confirmation, then redirects with the state', async (t) => {
  const tenant = await tenantFor(t)
  const browser = await loggedIn(tenant)
  const query = new URLSearchParams({
    client_id: 'gatehouse-web',
    post_logout_redirect_uri: `${webApp}/`,
    state: 'a-state',
  })
  await browser.open(`${tenant.issuer}oidc/logout?${query}`)
  t.equal(browser.heading, 'Log out')
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(browser.page.text)?.[1] ?? ''
  await browser.open(`${tenant.issuer}oidc/logout/confirm`, {
    method: 'POST',
    body: new URLSearchParams({ xsrf, logout: 'yes' }),
  })
  t.equal(browser.left?.href, `${webApp}/?state=a-state`)
  await browser.open(authorizeUrl(tenant))
  t.equal(browser.heading, 'Log in')
})

/** A browser with a session at the tenant. */
async function loggedIn(tenant: Tenant, redirectUri = callback): Promise<Browser> {
  const browser = new Browser(tenant.issuer)
  await browser.open(authorizeUrl(tenant, { redirect_uri: redirectUri }))
  await browser.submit({ email: 'reader@example.com', password: 'reader-password' })
  return browser
}

function logoutUrl({ issuer }: Tenant, query: Record<string, string>): string {
  return `${issuer}v2/logout?${new URLSearchParams(query)}`
}

/** Listens in place of the web app and resolves with the body of the first back-channel request. */
async function backchannelReceiver(
  t: Test,
  status = 200,
): Promise<{ baseUrl: string; received: Promise<string> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const received = new Promise<string>((resolve) => {
    server.on('request', async (request, response) => {
      const chunks = await request.toArray()
      response.writeHead(status).end()
      if (request.url === '/backchannel-logout') resolve(Buffer.concat(chunks).toString())
    })
  })
  return { baseUrl: `http://localhost:${(server.address() as AddressInfo).port}`, received }
}
