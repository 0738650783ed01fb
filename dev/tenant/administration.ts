import type { JWK } from 'jose'
import type { Middleware } from 'oidc-provider'
import { rotated, signingKeysOf, withoutPrevious } from './secrets.ts'
import type { State } from './state.ts'

/**
 * Serves the commands of `npm run tenant`. They must be JSON: browsers send JSON to another origin only after a preflight,
 * which is not answered here.
 */
export function administration(state: State, useKeys: (keys: JWK[]) => void): Middleware {
  const commands = new Map<string, () => Promise<JWK[]>>([
    ['/tenant/rotate', async () => rotated(await signingKeysOf(state))],
    ['/tenant/revoke', async () => withoutPrevious(await signingKeysOf(state))],
    [
      '/tenant/reset',
      async () => {
        state.clear()
        return signingKeysOf(state)
      },
    ],
  ])
  return async (ctx, next) => {
    const command = commands.get(ctx.path)
    if (!command || ctx.method !== 'POST' || !ctx.is('json')) return next()
    const keys = await command()
    useKeys(keys)
    ctx.body = { keys: keys.map(({ kid }) => kid) }
  }
}
