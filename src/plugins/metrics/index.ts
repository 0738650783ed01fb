import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../../errors/config-error.ts'
import { TokenError } from '../auth/index.ts'
import type { StatementListener } from '../store/index.ts'
import type { Metrics } from './all.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Called after every statement of the store; undefined while metrics are disabled. */
    onStatement?: StatementListener
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
    })
    app.decorate('onStatement', metrics.onStatement)
    watchRequests(app, metrics)
    await serve(app, metrics)
  },
  { name: 'metrics', dependencies: ['env', 'auth'] },
)

function watchRequests(app: FastifyInstance, { requests, countToken }: Metrics) {
  app.addHook('onRequest', (request, reply, done) => {
    requests.begin()
    // Not onResponse, which does not run if the client closes the connection before the response
    reply.raw.on('close', () => {
      if (request.token) countToken('accepted')
      requests.end({
        method: request.method,
        route: request.routeOptions.url,
        status: reply.raw.writableEnded ? reply.statusCode : undefined,
        seconds: reply.elapsedTime / 1000,
      })
    })
    done()
  })
  app.addHook('onError', (_request, _reply, error: Error, done) => {
    // The error of a rate-limited request has the token error as its cause
    const tokenError = [error, error.cause].find((item) => item instanceof TokenError)
    if (tokenError) countToken(tokenError.reason)
    done()
  })
}

async function serve(app: FastifyInstance, { registry }: Metrics) {
  const { METRICS_PORT, HOST } = app.config
  const { startMetricsServer, stopMetricsServer } = await import('./server.ts')
  let server: Server | undefined
  app.addHook('onReady', async () => {
    try {
      server = await startMetricsServer(registry, HOST, METRICS_PORT)
    } catch (error) {
      throw new ConfigError([`METRICS_PORT cannot be listened on: ${(error as Error).message}`])
    }
  })
  app.addHook('onClose', async () => {
    if (server) await stopMetricsServer(server)
  })
}
