import { Readable } from 'node:stream'
import type { Context, Middleware, OAuthErrorBody, OidcContext } from 'oidc-provider'
import { readBody } from './read-body.ts'

/** Makes the client endpoints behave like Auth0: accepts JSON bodies and uses its error messages. */
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
  const error = auth0Error(ctx as OidcContext)
  if (error) Object.assign(ctx, error)
}

/** The provider reads forms only, and warns about a body that is already parsed. */
async function turnJsonIntoForm(ctx: Context): Promise<void> {
  const fields: unknown = JSON.parse(await readBody(ctx))
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new TypeError('not an object')
  const form = Buffer.from(new URLSearchParams(Object.entries(fields)).toString())
  ctx.headers['content-type'] = 'application/x-www-form-urlencoded'
  ctx.headers['content-length'] = String(form.length)
  delete ctx.headers['transfer-encoding']
  ctx.req = Readable.from([form])
}

/** The response of Auth0 where the provider's response differs. */
function auth0Error({ body, oidc }: OidcContext): { status: number; body: OAuthErrorBody } | undefined {
  const { error } = (body ?? {}) as Partial<OAuthErrorBody>
  if (!error) return undefined
  if (error === 'invalid_client') return response(401, 'access_denied', 'Unauthorized')

  const grantType = oidc.params.grant_type ?? ''
  if (error === 'invalid_request' && oidc.client && grantType && !oidc.client.grantTypeAllowed(grantType)) {
    return response(403, 'unauthorized_client', `Grant type '${grantType}' not allowed for the client.`)
  }
  if (error === 'invalid_grant' && grantType === 'authorization_code') {
    return response(403, error, 'Invalid authorization code')
  }
  if (error === 'invalid_grant' && grantType === 'refresh_token') {
    return response(403, error, 'Unknown or invalid refresh token.')
  }
  return undefined
}

function response(status: number, error: string, description: string) {
  return { status, body: { error, error_description: description } }
}
