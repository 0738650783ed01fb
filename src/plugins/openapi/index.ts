import fp from 'fastify-plugin'
import type { Tag } from './document.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Describes a tag of the OpenAPI document, and returns the `tags` of its operations. */
    documentTag: (name: string, description: string, order?: 'last') => string[]
  }
}

/** Serves the OpenAPI document of all routes. Nothing of it is loaded while `DOCS` is `off`. */
export default fp(
  async (app) => {
    const tags: Tag[] = []
    let firstOfLast = 0
    app.decorate('documentTag', (name, description, order) => {
      tags.splice(order === 'last' ? tags.length : firstOfLast, 0, { name, description })
      if (order !== 'last') firstOfLast++
      return [name]
    })
    if (app.config.DOCS === 'on') await app.register(import('./document.ts'), { tags })
  },
  { name: 'openapi', dependencies: ['env', 'guards', 'rate-limit'] },
)
