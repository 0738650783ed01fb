import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, propagation, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ServiceError } from '../../errors/catalogue.ts'
import { serviceName, serviceVersion } from '../../http/service.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { reported } from './reported-exporter.ts'
import { RequestSpanProcessor } from './span-processor.ts'

const MAX_FLUSH_MS = 2_000

/**
 * Creates a span for each request and sends it to the collector. The SDK reads the variables of OpenTelemetry itself.
 * Requests of the service to issuers, which are third parties, carry no trace headers. Must be registered before the
 * routes.
 */
export const instrument = fp<{ graceSeconds: number }>(
  async (app, { graceSeconds }) => {
    const provider = makeProvider(app)
    provider.register()
    const instrumentation = new FastifyOtelInstrumentation({
      instrumentHooks: false,
      instrumentHandler: false,
      recordExceptions: false,
      requestHook: (span, { method, routeOptions }) =>
        span.updateName(`${method} ${routeOptions.url ?? ''}`.trim()),
    })
    instrumentation.setTracerProvider(provider)
    await app.register(instrumentation.plugin())
    followRequests(app)
    // A collector that hangs must not use up the grace period of requests
    const flushMs = Math.min(MAX_FLUSH_MS, graceSeconds * 250)
    app.addHook('onClose', async () => {
      const flushed = withTimeout(
        provider.shutdown(),
        flushMs,
        () => new Error('traces are not delivered in time'),
      )
      await flushed.catch(() => {}) // failed deliveries are already logged by the exporter
      for (const api of [trace, context, propagation]) api.disable() // set for the process by register()
    })
  },
  { name: 'instrument' },
)

function makeProvider({ log }: FastifyInstance): NodeTracerProvider {
  const service = { 'service.name': serviceName, 'service.version': serviceVersion }
  const resource = resourceFromAttributes(service).merge(detectResources({ detectors: [envDetector] }))
  const processor = new RequestSpanProcessor(reported(new OTLPTraceExporter(), log))
  return new NodeTracerProvider({ resource, spanProcessors: [processor] })
}

function followRequests(app: FastifyInstance) {
  app.addHook('onRequest', (request, reply, done) => {
    const traceId = spanOf(request)?.spanContext().traceId
    request.log = request.log.child({ traceId })
    reply.log = request.log
    // The span ends with the response; here it ends if the client closed the connection before that
    reply.raw.on('close', () => spanOf(request)?.setAttribute('error.type', 'aborted').end())
    done()
  })
  app.addHook('onError', (request, _reply, error: Error, done) => {
    if (error instanceof ServiceError) spanOf(request)?.setAttribute('error.type', error.code)
    done()
  })
}

/** Returns the span of the request, or undefined once it has ended. */
function spanOf(request: FastifyRequest) {
  return request.opentelemetry().span
}
