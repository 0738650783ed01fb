import type { JWK } from 'jose'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Context, Middleware } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { claimsByScope } from './accounts.ts'
import { scopeNames } from './api.ts'
import { readBody } from './read-body.ts'

/** Serves /userinfo: the claims of the user by scope. The provider's own endpoint rejects JWT access tokens. */
export function userinfo(issuer: string, signingKeys: JWK[], accounts: Accounts): Middleware {
  const publicKeys = createLocalJWKSet({ keys: signingKeys.map(toPublic) })
  const warnOnce = once(() => {
    process.stderr.write(
      'A token was sent in the query of /userinfo. Only this tenant and Auth0 accept that: URLs are logged, so send the header.\n',
    )
  })
  return async (ctx, next) => {
    if (ctx.path !== '/userinfo' || !['GET', 'POST'].includes(ctx.method)) return next()
    ctx.set('Cache-Control', 'no-store')
    if (ctx.query.access_token !== undefined) warnOnce()
    const [token, ...others] = await tokensOf(ctx)
    if (!token) return unauthorized(ctx)
    if (others.length > 0) return severalTokens(ctx)
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
    if (payload.cnf !== undefined) throw new Error('a bound token is not a bearer token')
    const claims = accounts.find(payload.sub ?? '')?.claims() ?? {}
    const names = scopeNames(String(payload.scope)).flatMap((scope) => claimsByScope[scope] ?? [])
    return Object.fromEntries(names.map((name) => [name, claims[name]]))
  }
}

/** Tokens by header, query (RFC 6750 section 2.3) and form (2.2). */
async function tokensOf(ctx: Context): Promise<string[]> {
  const [, header] = /^bearer (\S+)$/i.exec(ctx.get('authorization')) ?? []
  const query = ctx.query.access_token
  const form = ctx.is('urlencoded') ? new URLSearchParams(await readBody(ctx)).getAll('access_token') : []
  return [header, query, form].flat().filter((token) => token !== undefined)
}

function toPublic({ kty, n, e, kid, alg, use }: JWK): JWK {
  return { kty, n, e, kid, alg, use } as JWK
}

function severalTokens(ctx: Context): void {
  const description = 'the request has more than one access token'
  ctx.status = 400
  ctx.set(
    'WWW-Authenticate',
    `Bearer realm="Users", error="invalid_request", error_description="${description}"`,
  )
  ctx.body = { error: 'invalid_request', error_description: description }
}

function unauthorized(ctx: Context, description?: string): void {
  const detail = description ? `, error="invalid_token", error_description="${description}"` : ''
  ctx.status = 401
  ctx.set('WWW-Authenticate', `Bearer realm="Users"${detail}`)
  ctx.body = { error: 'unauthorized', error_description: description ?? 'Unauthorized' }
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    action()
  }
}
