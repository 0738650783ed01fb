import { readFileSync } from 'node:fs'
import type { Middleware } from 'oidc-provider'
import { themeFiles as files } from '../../src/theme/index.ts'

/** Serves the mark and the fonts of the pages. Browsers ask again after an hour, since the addresses never change. */
export const themeFiles: Middleware = async (ctx, next) => {
  const [, name = '', extension = ''] = /^\/theme\/([\w-]+(\.svg|\.woff2))$/.exec(ctx.path) ?? []
  const file = files.get(name)
  if (file === undefined || !['GET', 'HEAD'].includes(ctx.method)) return next()
  ctx.set('Cache-Control', 'max-age=3600')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.type = extension
  ctx.body = readFileSync(file)
}
