import type { Server } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config/index.ts'
import { ConfigError } from '../../errors/config-error.ts'
import { explainListenError } from '../../errors/listen-error.ts'
import { TokenError } from '../auth/index.ts'
import type { StatementListener } from '../store/index.ts'
import type { Metrics } from './all.ts'

export type { EndReason } from './web-app.ts' // part: web-app

declare module 'fastify' {
  interface FastifyInstance {
    /** Called after every statement of the store; undefined while metrics are disabled. */
    onStatement?: StatementListener
    /** Counts events; undefined while metrics are disabled. */
    events?: Metrics['events']
  }
}

/** Serves metrics for Prometheus on a separate port. Nothing is loaded or counted while `METRICS_PORT` is 0. */
export default fp(
  async (app) => {
    if (app.config.METRICS_PORT === 0) return
    const { makeMetrics } = await import('./all.ts')
    const metrics = makeMetrics({
      tokenCache: app.verifier,
      keySets: new Map([...app.issuers].map(([name, { keySet }]) => [name, keySet])),
      maxKeyAgeSeconds: app.config.JWKS_MAX_STALE_HOURS * 3600,
      proofs: app.dpop,
      checkReadiness: () => app.checkReadiness(),
      pool: () => app.storePool,
      revocations: () => app.revocations,
      modules: modulesOf(app.config),
    })
    app.decorate('onStatement', metrics.onStatement)
    app.decorate('events', metrics.events)
    watchRequests(app, metrics)
    await serve(app, metrics)
  },
  { name: 'metrics', dependencies: ['env', 'auth'] },
)

function modulesOf(config: Config): Record<string, boolean> {
  const isDpopOn = config.DPOP !== 'disabled'
  return {
    client_certificates: config.CLIENT_CERT_HEADER !== undefined,
    kept_keys: config.STATE_SECRET !== undefined,
    cors: config.CLIENT_ORIGIN_URL.length > 0,
    dpop: isDpopOn,
    rate_limit: config.RATE_LIMIT_MAX > 0,
    redis: config.REDIS_URL !== undefined,
    traces: config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    web_app: config.AUTH0_CLIENT_ID !== undefined, // part: web-app
  }
}

function watchRequests(app: FastifyInstance, { requests, countToken }: Metrics) {
  const rejected = new WeakSet<FastifyRequest>()
  app.addHook('onRequest', (request, reply, done) => {
    requests.begin()
    // Not onResponse, which does not run if the client closes the connection before the response
    reply.raw.on('close', () => {
      if (request.token && !rejected.has(request)) countToken('accepted', request.token.issuer)
      requests.end({
        method: request.method,
        route: request.routeOptions.url,
        status: reply.raw.writableEnded ? reply.statusCode : undefined,
        seconds: reply.elapsedTime / 1000,
      })
    })
    done()
  })
  app.addHook('onError', (request, _reply, error: Error, done) => {
    // The error of a rate-limited request has the token error as its cause
    const tokenError = [error, error.cause].find((item) => item instanceof TokenError)
    if (tokenError) {
      rejected.add(request) // a verified token may still be rejected by a guard
      countToken(tokenError.reason)
    }
    done()
  })
}

async function serve(app: FastifyInstance, { registry }: Metrics) {
  const { METRICS_HOST, METRICS_PORT } = app.config
  const { startMetricsServer, stopMetricsServer } = await import('./server.ts')
  let server: Server | undefined
  app.addHook('onReady', async () => {
    try {
      server = await startMetricsServer(registry, METRICS_HOST, METRICS_PORT)
    } catch (error) {
      const address = { host: METRICS_HOST, port: METRICS_PORT }
      const variables = { port: 'METRICS_PORT', host: 'METRICS_HOST' }
      throw new ConfigError([explainListenError(error as Error, address, variables)])
    }
  })
  app.addHook('onClose', async () => {
    if (server) await stopMetricsServer(server)
  })
}
