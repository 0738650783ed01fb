import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { StaticAsset } from '../http/static-asset.ts'

/**
 * Serves `GET /docs`, a page to read and try the API. The page and its script (4 MB) are created on the first request
 * and then served from memory.
 */
export default fp(
  async (app) => {
    const options = { config: { public: true }, schema: { hide: true } }
    let page: ReturnType<typeof makePage> | undefined
    const load = () => {
      page ??= makePage()
      return page
    }

    app.get('/docs', options, async (_request, reply) => {
      const { html } = await load()
      reply.header('content-security-policy', contentSecurityPolicy(html, app.config.AUTH0_DOMAIN))
      reply.header('cross-origin-opener-policy', 'unsafe-none') // the login window returns here
      return reply.type('text/html; charset=utf-8').send(html)
    })
    app.get<{ Params: { file: string } }>('/docs/:file', options, async (request, reply) => {
      const { script, address } = await load()
      return `/docs/${request.params.file}` === address ? script.send(request, reply) : reply.callNotFound()
    })
  },
  { name: 'docs-page', dependencies: ['env', 'guards', 'rate-limit'] },
)

/** Extracts page and script from the package, whose own plugin would copy the script for every request. */
async function makePage() {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const inside = Fastify()
  await inside.register(scalar, { routePrefix: '/', configuration: { ...configuration, cdn: PLACEHOLDER } })
  const [page, source] = await Promise.all([inside.inject('/'), inside.inject('/js/scalar.js')])
  await inside.close()
  const script = await StaticAsset.create(source.body, 'text/javascript; charset=utf-8')
  const address = `/docs/${script.hash}.js`
  return { script, address, html: page.body.replace(PLACEHOLDER, address) }
}

const PLACEHOLDER = '/docs/script-address'

const configuration = {
  url: '/openapi.json',
  pageTitle: 'Gatehouse API',
  withDefaultFonts: false, // they would be loaded from a third party
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  authentication: { preferredSecurityScheme: 'issuer' },
} as const

/** Allows the inline script by its hash. The script creates style elements, which require `unsafe-inline`. */
function contentSecurityPolicy(html: string, issuers: readonly string[]): string {
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
