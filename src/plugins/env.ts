import fastifyEnv from '@fastify/env'
import fp from 'fastify-plugin'
import { type Config, configAjv, configSchema } from '../config/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

/** `app.config`. Read before the app exists, since log level and limits are needed to make it; handed on here. */
export default fp<{ config: Config }>(
  async (app, { config }) => {
    await app.register(fastifyEnv, { schema: configSchema, data: { ...config }, env: false, ajv: configAjv })
    Object.freeze(app.config)
  },
  { name: 'env' },
)
