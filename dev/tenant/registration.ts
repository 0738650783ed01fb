import type { Middleware } from 'oidc-provider'
import { readFields, replaceBody } from './read-body.ts'

/**
 * Lets clients register for scopes of the APIs (RFC 7591), which the provider rejects. It checks scopes when they are
 * requested, so the list of a registration is not needed.
 */
export const registration: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || ctx.path !== '/oidc/register' || !ctx.is('json')) return next()
  const { scope, application: _, ...fields } = await readFields(ctx)
  replaceBody(ctx, JSON.stringify(fields), 'application/json')
  await next()
  if (ctx.status === 201 && scope !== undefined) ctx.body = { ...(ctx.body as object), scope }
}
