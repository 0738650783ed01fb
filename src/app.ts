import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import packageJson from '../package.json' with { type: 'json' }
import type { Config } from './config/index.ts'
import { httpErrors, ServiceError } from './errors/catalogue.ts'
import { sendError } from './errors/send.ts'
import auth, { type AuthOptions } from './plugins/auth/index.ts'
import guards from './plugins/guards/index.ts'

export interface AppOptions {
  config: Config
  /** Folder of the route files. Default: `src/routes`. */
  routes?: string
}

/** The application as a plugin: loads the plugins, then the routes, then the web app. */
export const app = fp<AppOptions>(async (instance, options) => {
  // First, so that the guards check the routes of all other plugins
  await instance.register(auth, authOptions(options.config))
  await instance.register(guards)
  await instance.register(autoload, {
    dir: `${import.meta.dirname}/plugins`,
    maxDepth: 1,
    ignorePattern: /^(auth|guards)$/,
    options: { config: options.config },
  })
  await instance.register(autoload, { dir: options.routes ?? `${import.meta.dirname}/routes` })
  if (options.config.AUTH0_CLIENT_ID === undefined) await instance.register(apiOnly)
  else await instance.register(import('./web/index.ts'))
})

function authOptions(config: Config): AuthOptions {
  return {
    issuers: config.AUTH0_DOMAIN,
    audiences: config.AUTH0_AUDIENCE,
    algorithms: config.AUTH_ALGORITHMS,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
    maxStaleHours: config.JWKS_MAX_STALE_HOURS,
  }
}

const Home = Type.Object({
  name: Type.String(),
  version: Type.String(),
  links: Type.Object({ docs: Type.String(), openapi: Type.String(), health: Type.String() }),
})

/** Responds to `/` and to unknown paths when the web app, which has pages for both, is disabled. */
const apiOnly = fp(async (instance: FastifyInstance) => {
  instance.setNotFoundHandler((_request, reply) => sendError(reply, new ServiceError(httpErrors.notFound)))
  instance.get(
    '/',
    {
      config: { public: true },
      schema: { tags: ['service'], summary: 'Name, version and links', response: { 200: Home } },
    },
    async () => ({
      name: packageJson.name,
      version: packageJson.version,
      links: { docs: '/docs', openapi: '/openapi.json', health: '/readyz' },
    }),
  )
})
