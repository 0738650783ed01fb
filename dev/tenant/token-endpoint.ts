import { Readable } from 'node:stream'
import type { Context, Middleware, OAuthErrorBody, OidcContext } from 'oidc-provider'
import { readBody } from './read-body.ts'

/** Auth0's manners at the endpoints a client talks to: JSON bodies are welcome, refusals are worded its way. */
export const tokenEndpoint: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || !['/oauth/token', '/oauth/revoke'].includes(ctx.path)) return next()
  try {
    if (ctx.is('json')) await turnJsonIntoForm(ctx)
  } catch {
    ctx.status = 400
    ctx.body = { error: 'invalid_request', error_description: 'the request body is not a JSON object' }
    return
  }
  await next()
  const refused = auth0Refusal(ctx as OidcContext)
  if (refused) Object.assign(ctx, refused)
}

/** The provider reads forms only. Its own way round that, a body parsed beforehand, prints a warning. */
async function turnJsonIntoForm(ctx: Context): Promise<void> {
  const fields: unknown = JSON.parse(await readBody(ctx))
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new TypeError('no object')
  const form = Buffer.from(new URLSearchParams(Object.entries(fields)).toString())
  ctx.headers['content-type'] = 'application/x-www-form-urlencoded'
  ctx.headers['content-length'] = String(form.length)
  delete ctx.headers['transfer-encoding']
  ctx.req = Readable.from([form])
}

/** What Auth0 answers where the provider's own answer differs from it. */
function auth0Refusal({ body, oidc }: OidcContext): { status: number; body: OAuthErrorBody } | undefined {
  const { error } = (body ?? {}) as Partial<OAuthErrorBody>
  if (!error) return undefined
  if (error === 'invalid_client') return refusal(401, 'access_denied', 'Unauthorized')

  const grantType = oidc.params.grant_type ?? ''
  if (error === 'invalid_request' && oidc.client && grantType && !oidc.client.grantTypeAllowed(grantType)) {
    return refusal(403, 'unauthorized_client', `Grant type '${grantType}' not allowed for the client.`)
  }
  if (error === 'invalid_grant' && grantType === 'authorization_code') {
    return refusal(403, error, 'Invalid authorization code')
  }
  if (error === 'invalid_grant' && grantType === 'refresh_token') {
    return refusal(403, error, 'Unknown or invalid refresh token.')
  }
  return undefined
}

function refusal(status: number, error: string, description: string) {
  return { status, body: { error, error_description: description } }
}
