import * as client from 'openid-client'
import t from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { Browser } from '../dev/helpers/browser.ts'
import { api, callback, tenantFor, verified } from '../dev/helpers/tenant.ts'

const reader = { email: 'reader@example.com', password: 'reader-password' }

function configured({ issuer }: Tenant, id: string, secret?: string) {
  const authentication = secret ? undefined : client.None()
  const options = { execute: [client.allowInsecureRequests] }
  return client.discovery(new URL(issuer), id, secret, authentication, options)
}

t.test('openid-client pushes an authorization request and gets tokens', async (t) => {
  const tenant = await tenantFor(t)
  const config = await configured(tenant, 'gatehouse-web', 'gatehouse-web-secret')
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: callback,
    scope: 'openid email',
    audience: api,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  t.match(url.searchParams.get('request_uri'), /^urn:/)
  const browser = new Browser(tenant.issuer)
  await browser.open(url.href)
  await browser.submit(reader)
  const tokens = await client.authorizationCodeGrant(config, browser.left as URL, {
    pkceCodeVerifier: verifier,
  })
  t.equal(tokens.claims()?.email, reader.email)
})

t.test('openid-client gets tokens for a device', async (t) => {
  const tenant = await tenantFor(t)
  const config = await configured(tenant, 'gatehouse-native')
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid', audience: api })
  const browser = new Browser(tenant.issuer)
  const send = (more: Record<string, string>) => {
    const inputs = browser.page.text.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)
    const hidden = Object.fromEntries([...inputs].map(([, name, value]) => [name, value]))
    const body = new URLSearchParams({ ...hidden, ...more })
    return browser.open(device.verification_uri, { method: 'POST', body })
  }
  await browser.open(device.verification_uri)
  await send({ user_code: device.user_code })
  await send({ confirm: 'yes' })
  await browser.submit(reader)
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 })
  const { payload } = await verified(tenant, tokens.access_token)
  t.match(payload, { azp: 'gatehouse-native', permissions: ['read:messages'] })
})
