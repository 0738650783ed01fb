import { setTimeout as delay } from 'node:timers/promises'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, propagation, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import packageJson from '../../../package.json' with { type: 'json' }
import { ServiceError } from '../../errors/catalogue.ts'
import { reported } from './reported-exporter.ts'
import { RequestSpanProcessor } from './span-processor.ts'

const MAX_FLUSH_MS = 2_000

/**
 * A span for each request, sent to the collector that the variables of OpenTelemetry name; the SDK reads them itself.
 * What the service fetches is not told of the trace: issuers are strangers. To be registered before what is traced.
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
    // A collector that hangs must not use up the time of the requests
    const flushMs = Math.min(MAX_FLUSH_MS, graceSeconds * 250)
    app.addHook('onClose', async () => {
      const flushed = provider.shutdown().catch(() => {}) // said in the log by then
      await Promise.race([flushed, delay(flushMs, undefined, { ref: false })])
      for (const api of [trace, context, propagation]) api.disable() // what register() has set for the process
    })
  },
  { name: 'instrument' },
)

function makeProvider({ log }: FastifyInstance): NodeTracerProvider {
  const service = { 'service.name': 'gatehouse', 'service.version': packageJson.version }
  const resource = resourceFromAttributes(service).merge(detectResources({ detectors: [envDetector] }))
  const processor = new RequestSpanProcessor(reported(new OTLPTraceExporter(), log))
  return new NodeTracerProvider({ resource, spanProcessors: [processor] })
}

function followRequests(app: FastifyInstance) {
  app.addHook('onRequest', (request, reply, done) => {
    const traceId = spanOf(request)?.spanContext().traceId
    request.log = request.log.child({ traceId })
    reply.log = request.log
    // The span ends when the answer is sent; there may be none, since the caller has left
    reply.raw.on('close', () => spanOf(request)?.setAttribute('error.type', 'aborted').end())
    done()
  })
  app.addHook('onError', (request, _reply, error: Error, done) => {
    if (error instanceof ServiceError) spanOf(request)?.setAttribute('error.type', error.code)
    done()
  })
}

/** None any more once it has ended. */
function spanOf(request: FastifyRequest) {
  return request.opentelemetry().span
}
