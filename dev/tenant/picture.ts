import type { Middleware } from 'oidc-provider'

/** Serves profile pictures without network access: the first letter of the e-mail address. */
export const picture: Middleware = async (ctx, next) => {
  const letter = /^\/picture\/([a-z0-9])\.svg$/.exec(ctx.path)?.[1]
  if (!letter || !['GET', 'HEAD'].includes(ctx.method)) return next()
  ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
  ctx.type = 'image/svg+xml'
  ctx.body = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">
  <rect width="96" height="96" fill="#635dff"/>
  <text x="48" y="64" font-family="sans-serif" font-size="46" text-anchor="middle" fill="#fff">${letter.toUpperCase()}</text>
</svg>`
}
