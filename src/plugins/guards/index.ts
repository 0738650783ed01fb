import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyPluginCallback,
  preHandlerHookHandler,
  RouteOptions,
} from 'fastify'
import fp from 'fastify-plugin'
import { type ErrorName, ServiceError } from '../../errors/catalogue.ts'
import { requireToken, type VerifiedToken } from '../auth/verified-token.ts'
import { type Guard, guardsOf, makeGuard } from './guard.ts'
import { documentGuards, ErrorBody } from './openapi.ts'

type Plugin<Options extends object> = FastifyPluginAsync<Options> | FastifyPluginCallback<Options>
type Names = [string, ...string[]]

declare module 'fastify' {
  interface FastifyInstance {
    /** Guard: any valid token. */
    authenticate: preHandlerHookHandler
    /** Guard: every one of these must be in the token's `scope`. */
    requiresScope: (...scopes: Names) => preHandlerHookHandler
    /** Guard: every one of these must be in the token's `permissions` (Auth0 RBAC). */
    requiresPermission: (...permissions: Names) => preHandlerHookHandler
    /** Registers somebody else's plugin; anyone may call the routes it adds. */
    registerPublic: <Options extends object>(plugin: Plugin<Options>, options: Options) => Promise<void>
    /** Every route and who may call it. */
    routeTable: RouteEntry[]
  }
  interface FastifyContextConfig {
    /** Anyone may call the route. */
    public?: boolean
  }
}

export interface RouteEntry {
  readonly method: string
  readonly path: string
  /** None: anyone may call it. */
  readonly guards: readonly Guard[]
}

/** What may they do? The guards of routes, and the rule that a route without one stops the boot. */
export default fp(
  async (app) => {
    let isPublicPlugin = false

    app.addSchema(ErrorBody)
    app.decorate(
      'authenticate',
      makeGuard(
        { kind: 'token', required: [] },
        guardOf('missing_token', [], () => []),
      ),
    )
    app.decorate('requiresScope', (...required) =>
      makeGuard(
        { kind: 'scope', required },
        guardOf('insufficient_scope', required, ({ scopes }) => scopes),
      ),
    )
    app.decorate('requiresPermission', (...required) =>
      makeGuard(
        { kind: 'permission', required },
        guardOf('insufficient_permissions', required, ({ permissions }) => permissions),
      ),
    )
    app.decorate('routeTable', [])
    app.decorate('registerPublic', async (plugin, options) => {
      // In a plugin of its own: whoever does not wait for it must not make the next routes public
      const scope = fp(async (instance: FastifyInstance) => {
        isPublicPlugin = true
        await instance.register(plugin, options)
        isPublicPlugin = false
      })
      await app.register(scope)
    })

    app.addHook('onRoute', (route) => {
      const guards = guardsOf(route)
      const isPublic = route.config?.public === true || isPublicPlugin
      if (guards.length > 0 === isPublic) throw new Error(undecided(route, isPublic))
      const tokenGuards = guards.filter(({ kind }) => kind !== 'session')
      // Before the body is read and validated: who may not call is told so first, and costs little
      if (tokenGuards.length > 0) route.onRequest = [app.verifyToken, ...[route.onRequest ?? []].flat()]
      route.schema = documentGuards(route.schema ?? {}, tokenGuards)
      for (const method of [route.method].flat()) {
        app.routeTable.push({ method, path: route.url, guards })
      }
    })
  },
  { name: 'guards', dependencies: ['auth'] },
)

/** Runs after app.verifyToken, which answers 401 itself; put somewhere else by hand, it lets nobody pass. */
function guardOf(
  name: ErrorName,
  required: readonly string[],
  granted: (token: VerifiedToken) => readonly string[],
): preHandlerHookHandler {
  return (request, _reply, done) => {
    const grants = granted(requireToken(request.token))
    const missing = required.filter((item) => !grants.includes(item))
    if (missing.length === 0) done()
    else done(new ServiceError(name, { scope: required, detail: `missing ${missing.join(' ')}` }))
  }
}

function undecided({ method, url }: RouteOptions, isPublic: boolean): string {
  const route = `${[method].flat().join(', ')} ${url}`
  const problem = isPublic ? 'has a guard and is marked public' : 'does not say who may call it'
  return `${route} (${declaringFile()}) ${problem}. Give its options exactly one of:
  preHandler: app.authenticate                            any valid token
  preHandler: app.requiresScope('read:things')            a token with the scope
  preHandler: app.requiresPermission('read:things')       a token with the permission
  preHandler: app.requiresSignIn                          on pages: somebody who has signed in
  config: { public: true }                                anyone`
}

/** The file that declares the route: the nearest caller outside this file and outside Fastify. */
function declaringFile(): string {
  const frames = String(new Error().stack).split('\n').slice(1)
  const frame = frames.find(
    (line) => !line.includes(import.meta.filename) && !/node_modules\/(fastify|avvio)\/|node:/.test(line),
  )
  return String(frame?.match(/([^( ]+:\d+):\d+\)?$/)?.[1]).replace(/^file:\/\//, '')
}
