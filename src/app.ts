import type { Server } from 'node:http'
import autoload from '@fastify/autoload'
import cookie from '@fastify/cookie'
import { type FastifyHttpOptions, type FastifyInstance, LogController } from 'fastify'
import fp from 'fastify-plugin'
import { buildValidator } from './body-validation.ts'
import { answerBadUrl, answerBrokenRequest } from './broken-requests.ts'
import type { Config } from './config.ts'
import { loggerOptions } from './logging.ts'
import { handlePageErrors } from './page-errors.ts'

export interface AppOptions {
  config: Config
  /** Where the route files are; the service's own unless told. */
  routes?: string
}

/** The application as a plugin: first everything that routes rely on, then the routes, whose folders are their paths. */
export const app = fp<AppOptions>(async (instance, options) => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, SHUTDOWN_GRACE_SECONDS } = options.config
  if (OTEL_EXPORTER_OTLP_ENDPOINT) {
    const { tracing } = await import('./tracing/tracing.ts')
    await instance.register(tracing, { graceSeconds: SHUTDOWN_GRACE_SECONDS })
  }
  await instance.register(autoload, { dir: `${import.meta.dirname}/plugins`, options })
  await instance.register(autoload, { dir: options.routes ?? `${import.meta.dirname}/routes` })
  if (options.config.AUTH0_CLIENT_ID !== undefined) await instance.register(webApp)
})

/** The pages, in a scope of their own: no route of the API looks at a cookie. */
async function webApp(instance: FastifyInstance) {
  handlePageErrors(instance)
  await instance.register(cookie)
  instance.addHook('onRequest', instance.findSession)
  await instance.register(autoload, { dir: `${import.meta.dirname}/pages` })
}

/** What must be known before there is an instance to register the application in. */
export function serverOptions(config: Config) {
  const proxies = config.TRUST_PROXY
  return {
    logger: loggerOptions(config),
    logController: new LogController({ disableRequestLogging: true }), // plugins/access-log.ts writes one line instead of two
    genReqId: () => crypto.randomUUID(),
    trustProxy: typeof proxies === 'number' ? (_address: string, hop: number) => hop < proxies : proxies,
    pluginTimeout: 30_000, // a start on a busy machine is slow, and no fault
    bodyLimit: 65_536,
    requestTimeout: 30_000, // the whole request has to arrive in this time
    keepAliveTimeout: 75_000, // longer than the 60 s after which common load balancers drop an idle connection
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 5_000, // Node looks every 30 s otherwise, whatever the times
      requireHostHeader: false, // plugins/strict-http.ts does
    },
    return503OnClosing: false, // what still arrives on an open connection during shutdown is served
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { allErrors: true } }, // a 400 names every bad field; bodies are small
    schemaController: { compilersFactory: { buildValidator } },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerBrokenRequest,
  } satisfies FastifyHttpOptions<Server>
}
