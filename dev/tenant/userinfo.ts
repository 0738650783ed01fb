import type { JWK } from 'jose'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Context, Middleware } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { claimsByScope } from './accounts.ts'
import { scopeNames } from './api.ts'

/** Serves /userinfo: the claims of the user by scope. The provider's own endpoint rejects JWT access tokens. */
export function userinfo(issuer: string, signingKeys: JWK[], accounts: Accounts): Middleware {
  const publicKeys = createLocalJWKSet({ keys: signingKeys.map(toPublic) })
  return async (ctx, next) => {
    if (ctx.path !== '/userinfo' || !['GET', 'POST'].includes(ctx.method)) return next()
    ctx.set('Cache-Control', 'no-store')
    const [scheme, token, ...rest] = ctx.get('authorization').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !token || rest.length > 0) return unauthorized(ctx)
    try {
      ctx.body = await claimsFor(token)
    } catch {
      unauthorized(ctx, 'the access token is expired, forged, or was issued without the openid scope')
    }
  }

  async function claimsFor(token: string): Promise<Record<string, unknown>> {
    // Only tokens with the scope openid have this audience
    const { payload } = await jwtVerify(token, publicKeys, {
      issuer,
      audience: `${issuer}userinfo`,
      algorithms: ['RS256'],
    })
    const claims = accounts.find(payload.sub ?? '')?.claims() ?? {}
    const names = scopeNames(String(payload.scope)).flatMap((scope) => claimsByScope[scope] ?? [])
    return Object.fromEntries(names.map((name) => [name, claims[name]]))
  }
}

function toPublic({ kty, n, e, kid, alg, use }: JWK): JWK {
  return { kty, n, e, kid, alg, use } as JWK
}

function unauthorized(ctx: Context, description?: string): void {
  const detail = description ? `, error="invalid_token", error_description="${description}"` : ''
  ctx.status = 401
  ctx.set('WWW-Authenticate', `Bearer realm="Users"${detail}`)
  ctx.body = { error: 'unauthorized', error_description: description ?? 'Unauthorized' }
}
