import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import packageJson from '../../package.json' with { type: 'json' }

const Home = Type.Object({
  name: Type.String(),
  version: Type.String(),
  links: Type.Object({ docs: Type.String(), openapi: Type.String(), health: Type.String() }),
})

/** What this is, for whoever opens the address of the service. With the web app on, its home page is there instead. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  if (app.config.AUTH0_CLIENT_ID !== undefined) return

  app.get(
    '/',
    {
      config: { public: true },
      schema: { tags: ['service'], summary: 'What this is, and where to read on', response: { 200: Home } },
    },
    async () => ({
      name: packageJson.name,
      version: packageJson.version,
      links: { docs: '/docs', openapi: '/openapi.json', health: '/readyz' },
    }),
  )
}

export default routes
