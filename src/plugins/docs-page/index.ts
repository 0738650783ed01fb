import fp from 'fastify-plugin'
import { IMMUTABLE } from '../../http/static-asset.ts'
import type { DocsPage } from './page.ts'

/**
 * Serves `GET /docs`, a page to read and try the API. The page and its files (a script of 4 MB, the theme) are created on
 * the first request and then served from memory. Not served while `DOCS` is `off`.
 */
export default fp(
  async (app) => {
    if (app.config.DOCS === 'off') return
    const options = { config: { public: true }, schema: { hide: true } }
    let page: Promise<DocsPage> | undefined
    const load = () => {
      page ??= import('./page.ts').then(({ makePage }) => makePage(app.config, [...app.issuers.keys()]))
      return page
    }

    app.get('/docs', options, async (_request, reply) => {
      const { html, contentSecurityPolicy } = await load()
      reply.header('content-security-policy', contentSecurityPolicy)
      reply.header('cross-origin-opener-policy', 'unsafe-none') // the login window returns here
      return reply.type('text/html; charset=utf-8').send(html)
    })
    app.get<{ Params: { file: string } }>('/docs/:file', options, async (request, reply) => {
      const file = (await load()).files.get(request.params.file)
      return file ? file.send(request, reply, IMMUTABLE) : reply.callNotFound()
    })
  },
  { name: 'docs-page', dependencies: ['auth', 'guards', 'rate-limit'] },
)
