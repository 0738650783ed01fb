import { createHash } from 'node:crypto'
import type { JWK } from 'jose'
import type { Middleware } from 'oidc-provider'

/** Adds the thumbprint of the certificate (`x5t`) to the keys, which the provider omits. */
export const keySet: Middleware = async (ctx, next) => {
  await next()
  if (ctx.path !== '/.well-known/jwks.json' || ctx.status !== 200) return
  const { type } = ctx
  ctx.body = { keys: (ctx.body as { keys: JWK[] }).keys.map(withThumbprint) }
  ctx.type = type
}

function withThumbprint(key: JWK): JWK {
  const [certificate] = key.x5c ?? []
  if (!certificate) return key
  return { ...key, x5t: createHash('sha1').update(Buffer.from(certificate, 'base64')).digest('base64url') }
}
