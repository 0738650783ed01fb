import Fastify from 'fastify'
import { app } from '../src/app.ts'
import { loadConfig } from '../src/config/index.ts'
import { type RouteEntry, scopesOf } from '../src/plugins/guards/index.ts'
import { serverOptions } from '../src/server-options.ts'

/** Returns every route. Sends no request and does not listen. */
export async function readRouteTable(environment: NodeJS.ProcessEnv): Promise<readonly RouteEntry[]> {
  const config = loadConfig({
    AUTH0_DOMAIN: 'issuer.invalid',
    AUTH0_AUDIENCE: 'none',
    // part: web-app
    AUTH0_CLIENT_ID: 'none',
    AUTH0_CLIENT_SECRET: 'none',
    SESSION_SECRET: 'only-for-the-list-of-routes-not-for-sessions',
    // end
    ...environment,
    DATABASE_URL: 'file::memory:',
    DATABASE_URL_FILE: '',
    LOG_LEVEL: 'silent',
  })
  const instance = Fastify(serverOptions(config))
  await instance.register(app, { config })
  await instance.ready()
  const { routeTable } = instance
  await instance.close()
  return routeTable
}

/** Returns the scopes and permissions that the routes require, or none if the service cannot start; src/server.ts says why. */
export async function readScopes(): Promise<string[]> {
  const table = await readRouteTable({}).catch(() => [])
  return table.flatMap(({ guards }) => scopesOf(guards))
}
