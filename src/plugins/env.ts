import fastifyEnv from '@fastify/env'
import fp from 'fastify-plugin'
import type { Config } from '../config/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

/** Accepts everything: `loadConfig` has validated the configuration before the application exists. */
const schema = { type: 'object', patternProperties: { '': {} } }

/** Decorates the application with its configuration. */
export default fp<{ config: Config }>(
  async (app, { config }) => {
    await app.register(fastifyEnv, { schema, data: config, env: false })
    Object.freeze(app.config)
  },
  { name: 'env' },
)
