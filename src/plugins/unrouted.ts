import fp from 'fastify-plugin'
import Router, { type HTTPMethod } from 'find-my-way'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'
import type { RouteEntry } from './guards/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the error of a request that no route matches: 405 if its path has other methods, otherwise 404. */
    unroutedError: (request: FastifyRequest) => ServiceError
  }
}

/**
 * Tells unknown methods from unknown paths (RFC 9110, section 15.5.6). Fastify's router finds routes of one method at a
 * time and does not search by path, so a second router has all routes. Only requests without a route reach it.
 */
export default fp(
  async (app) => {
    const router = Router({ ignoreTrailingSlash: true }) // as in server-options.ts
    const methods = new Set<HTTPMethod>()
    app.addHook('onReady', async () => {
      for (const { method, path } of app.routeTable as readonly (RouteEntry & { method: HTTPMethod })[]) {
        if (!router.hasRoute(method, path)) router.on(method, path, () => {})
        methods.add(method)
      }
    })
    app.decorate('unroutedError', ({ method, url }) => {
      const allowed: string[] = [...methods].filter((other) => router.find(other, url) !== null).sort()
      // The route of files has found none, and that of CORS answers OPTIONS on every path
      const isUnknown = allowed.includes(method) || allowed.every((other) => other === 'OPTIONS')
      if (isUnknown) return new ServiceError(httpErrors.notFound)
      return new ServiceError(httpErrors.methodNotAllowed, { headers: { allow: allowed.join(', ') } })
    })
  },
  { name: 'unrouted', dependencies: ['guards'] },
)
