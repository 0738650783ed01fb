import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** Says what is wrong by throwing. */
type ReadinessCheck = () => void | Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** What has to hold for requests to be sent here; plugins add theirs. */
    readinessChecks: Map<string, ReadinessCheck>
    /** Tells the orchestrator to send no more requests; what comes all the same is served. */
    startDraining: () => void
  }
}

/** Turns of the event loop that take so long in the mean: a request needs about three, and a probe is granted a second. */
const MAX_EVENT_LOOP_DELAY_MS = 250
const SAMPLE_MS = 1_000
/** So many samples in a row are overload. One may be a pause, of a garbage collection or of the machine. */
const SAMPLES = 2

/**
 * Whether this process should be sent requests, and the refusal of those that are too many. An issuer that is down is no
 * reason: other replicas have none either.
 */
export default fp(
  async (app) => {
    let isDraining = false
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
      sampleInterval: SAMPLE_MS,
      pressureHandler: () => {}, // the hook below refuses, when there were samples enough
    })
    const isOverloaded = watchLoad(app)

    app.addHook('onRequest', (request, _reply, done) => {
      // Probes are never limited, by count or by load: who watches the service has to see what is wrong with it
      if (!isOverloaded() || request.routeOptions.config.rateLimit === false) done()
      else done(new ServiceError(httpErrors.overloaded, { retryAfterSeconds: (SAMPLES * SAMPLE_MS) / 1000 }))
    })

    app.decorate('startDraining', () => {
      isDraining = true
      // Said with the answer: a connection that is closed without a word may have the next request on its way
      app.server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    })
    app.addHook('preClose', (done) => {
      // Whoever is being served now would otherwise keep the connection, and the process, for as long as they like
      app.server.keepAliveTimeout = 1
      app.server.keepAliveTimeoutBuffer = 0
      done()
    })
    app.decorate(
      'readinessChecks',
      new Map<string, ReadinessCheck>([
        ['process', () => fail(isDraining, 'shutting down')],
        ['load', () => fail(isOverloaded(), 'overloaded')],
      ]),
    )
  },
  // after cors, so that pages can read a refusal
  { name: 'readiness', dependencies: ['cors'] },
)

/** Counts from the moment of listening: a start takes what it takes. */
function watchLoad(app: FastifyInstance): () => boolean {
  let inARow = 0
  const sample = () => {
    const before = inARow
    inARow = app.isUnderPressure() ? inARow + 1 : 0
    const delayMs = Math.round(app.memoryUsage().eventLoopDelay)
    if (inARow === SAMPLES) app.log.warn({ delayMs }, 'overloaded; requests are refused')
    if (inARow === 0 && before >= SAMPLES) app.log.info({ delayMs }, 'no longer overloaded')
  }
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', async () => {
    timer = setInterval(sample, SAMPLE_MS).unref()
  })
  app.addHook('onClose', async () => clearInterval(timer))
  return () => inARow >= SAMPLES
}

function fail(condition: boolean, message: string) {
  if (condition) throw new Error(message)
}
