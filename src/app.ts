import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import packageJson from '../package.json' with { type: 'json' }
import type { Config } from './config/index.ts'
import { ServiceError } from './errors/catalogue.ts'
import { answerRefusal } from './errors/send.ts'

export interface AppOptions {
  config: Config
  /** Folder of the route files. Default: `src/routes`. */
  routes?: string
}

/** The application as a plugin: loads the plugins, then the routes, then the web app. */
export const app = fp<AppOptions>(async (instance, options) => {
  await instance.register(autoload, { dir: `${import.meta.dirname}/plugins`, maxDepth: 1, options })
  await instance.register(autoload, { dir: options.routes ?? `${import.meta.dirname}/routes` })
  if (options.config.AUTH0_CLIENT_ID === undefined) await instance.register(apiOnly)
  else await instance.register(import('./web/index.ts'))
})

const Home = Type.Object({
  name: Type.String(),
  version: Type.String(),
  links: Type.Object({ docs: Type.String(), openapi: Type.String(), health: Type.String() }),
})

/** Answers `/` and unknown paths in place of the web app, which has pages for both. */
const apiOnly = fp(async (instance: FastifyInstance) => {
  instance.setNotFoundHandler((_request, reply) => answerRefusal(reply, new ServiceError('not_found')))
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
