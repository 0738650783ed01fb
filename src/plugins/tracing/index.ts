import fp from 'fastify-plugin'
import type { Config } from '../../config/index.ts'

/** Sends a span for each request to `OTEL_EXPORTER_OTLP_ENDPOINT`. Nothing is loaded while it is not set. */
export default fp<{ config: Config }>(
  async (app, { config }) => {
    if (config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return
    const { instrument } = await import('./instrument.ts')
    await app.register(instrument, { graceSeconds: config.SHUTDOWN_GRACE_SECONDS })
  },
  { name: 'tracing' },
)
