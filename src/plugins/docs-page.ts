import { createHash } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * `GET /docs`: a page on which the API can be read and tried. The page's script is 4 MB of text, so the page lives
 * in an application of its own that is made when someone first looks.
 */
export default fp(
  async (app) => {
    let page: Promise<FastifyInstance> | undefined
    app.addHook('onClose', async () => (await page)?.close())

    for (const url of ['/docs', '/docs/*']) {
      app.get(url, { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
        page ??= makePage()
        const answer = await (await page).inject(request.url)
        reply.code(answer.statusCode).headers(answer.headers)
        if (answer.statusCode === 404) return reply.callNotFound()
        reply.header('content-security-policy', policy(answer.body, app.config.AUTH0_DOMAIN))
        reply.header('cross-origin-opener-policy', 'unsafe-none') // the log-in is a window that has to find back
        return reply.send(answer.rawPayload)
      })
    }
  },
  { name: 'docs-page', dependencies: ['env', 'guards', 'rate-limit'] },
)

async function makePage(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const page = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  await page.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Gatehouse API',
      withDefaultFonts: false, // they would come from somebody else's server
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: 'never',
      authentication: { preferredSecurityScheme: 'issuer' },
    },
  })
  return page
}

/** The page's one inline script is allowed by its hash; styles are made by its script, hence `unsafe-inline`. */
function policy(html: string, issuers: readonly string[]): string {
  const inline = [...html.matchAll(/<script[^>]*>([^<]+)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )
  return [
    "default-src 'none'",
    `script-src 'self' ${inline.join(' ')}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self' ${issuers.map((issuer) => new URL(issuer).origin).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
