import { createRequire } from 'node:module'
import type fastify from 'fastify'
import { app } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { serverOptions } from '../../src/server-options.ts'

/** Gatehouse with the routes of to-dos answered from memory. */
const require = createRequire(new URL('../../src/app.ts', import.meta.url))
const Fastify: typeof fastify = require('fastify') // the Fastify of Gatehouse, not the one that bench/package.json installs

const config = loadConfig(process.env)
const server = Fastify(serverOptions(config))
await server.register(app, { config, routes: `${import.meta.dirname}/memory-routes` })
await server.listen({ port: config.PORT })
