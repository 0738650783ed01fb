import type { Middleware } from 'oidc-provider'

const openPaths = [
  '/oauth/token',
  '/oauth/revoke',
  '/userinfo',
  '/.well-known/jwks.json',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/dbconnections/signup',
  '/dbconnections/change_password',
]

/** Allows every origin on paths that do not use cookies; throwaway tokens are not worth protecting. */
export const cors: Middleware = async (ctx, next) => {
  if (!openPaths.includes(ctx.path)) return next()
  ctx.set('Access-Control-Allow-Origin', '*')
  ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, DPoP-Nonce')
  if (ctx.method !== 'OPTIONS') return next()
  ctx.set('Access-Control-Allow-Methods', 'GET, POST')
  // All requested headers, since client libraries add their own
  ctx.set('Access-Control-Allow-Headers', ctx.get('Access-Control-Request-Headers'))
  ctx.set('Access-Control-Max-Age', '3600')
  ctx.status = 204
}
