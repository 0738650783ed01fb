import type { Context, Middleware, OAuthErrorBody, OidcContext } from 'oidc-provider'
import { readFields, replaceBody } from './read-body.ts'

const clientPaths = ['/oauth/token', '/oauth/revoke', '/oauth/device/code', '/oauth/par']

/** Makes the client endpoints behave like Auth0: accepts JSON bodies and uses its error messages. */
export const tokenEndpoint: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || !clientPaths.includes(ctx.path)) return next()
  if (ctx.is('json')) await turnJsonIntoForm(ctx)
  await next()
  const error = auth0Error(ctx as OidcContext)
  if (error) Object.assign(ctx, error)
}

/** The provider reads forms only. */
async function turnJsonIntoForm(ctx: Context): Promise<void> {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(await readFields(ctx))) fields.append(name, String(value))
  replaceBody(ctx, fields.toString(), 'application/x-www-form-urlencoded')
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
