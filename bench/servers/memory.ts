import { createRequire } from 'node:module'
import type fastify from 'fastify'
import { app } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { serverOptions } from '../../src/server-options.ts'

/** Gatehouse with other routes: those of to-dos, answered from memory. */
const require = createRequire(new URL('../../src/app.ts', import.meta.url))
const Fastify: typeof fastify = require('fastify') // Gatehouse's own, not the one its peers have here

const config = loadConfig(process.env)
const server = Fastify(serverOptions(config))
await server.register(app, { config, routes: `${import.meta.dirname}/memory-routes` })
await server.listen({ port: config.PORT })
