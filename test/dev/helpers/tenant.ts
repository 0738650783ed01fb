import { createHash } from 'node:crypto'
import type { JWTPayload, ProtectedHeaderParameters } from 'jose'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { Test } from 'tap'
import type { Tenant } from '../../../dev/tenant/index.ts'
import { startTenant } from '../../../dev/tenant/index.ts'
import type { Settings } from '../../../dev/tenant/settings.ts'

export const api = 'https://quickstarts/api'

export const allPermissions = [
  'read:messages',
  'write:messages',
  'read:admin-messages',
  'read:users',
  'create:users',
  'delete:users',
  'read:audit',
]

/** Address of the web app: a port that fetch blocks, so that no test reaches a running service. */
export const webApp = 'http://localhost:1'

/** A tenant on a free port, closed when the test is over. */
export async function tenantFor(t: Test, baseUrl = webApp, settings?: Settings): Promise<Tenant> {
  const tenant = await startTenant({ port: 0, baseUrl, ...(settings && { settings }) })
  t.teardown(() => tenant.close())
  return tenant
}

interface TokenAnswer {
  status: number
  body: Record<string, string>
}

/** Sends a form to the token endpoint. */
export async function postToken({ issuer }: Tenant, fields: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(`${issuer}oauth/token`, { method: 'POST', body: new URLSearchParams(fields) })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

const testClient = { client_id: 'gatehouse-test', client_secret: 'gatehouse-test-secret' }

export function clientCredentials(tenant: Tenant, more: Record<string, string> = {}): Promise<TokenAnswer> {
  return postToken(tenant, { grant_type: 'client_credentials', audience: api, ...testClient, ...more })
}

/** The password grant for a throwaway account, named by the part before the @. */
export function passwordGrant(
  tenant: Tenant,
  name: string,
  more: Record<string, string> = {},
): Promise<TokenAnswer> {
  const user = { username: `${name}@example.com`, password: `${name}-password` }
  return postToken(tenant, { grant_type: 'password', audience: api, ...testClient, ...user, ...more })
}

/** Verifies signature, issuer and audience of a token and returns its claims. */
export async function verified(
  { issuer }: Tenant,
  token: string | undefined,
  audience = api,
): Promise<{ payload: JWTPayload; protectedHeader: ProtectedHeaderParameters }> {
  const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', issuer))
  return jwtVerify(token ?? '', keys, { issuer, audience, algorithms: ['RS256'] })
}

export const codeVerifier = 'a-code-verifier-that-is-long-enough-to-be-taken'
export const callback = `${webApp}/callback`

/** The authorization request of a login to the web app. */
export function authorizeUrl({ issuer }: Tenant, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: 'gatehouse-web',
    response_type: 'code',
    redirect_uri: callback,
    audience: api,
    scope: 'openid profile email offline_access',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  })
  return `${issuer}authorize?${query}`
}

/** Exchanges a code for tokens as the web app does. */
export function exchange(
  tenant: Tenant,
  code: string,
  more: Record<string, string> = {},
): Promise<TokenAnswer> {
  return postToken(tenant, {
    grant_type: 'authorization_code',
    client_id: 'gatehouse-web',
    client_secret: 'gatehouse-web-secret',
    redirect_uri: callback,
    code_verifier: codeVerifier,
    code,
    ...more,
  })
}
