import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'

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

/** A request takes about three turns of the event loop, and a probe is granted a second. */
const MAX_EVENT_LOOP_DELAY_MS = 250
/** The delay is the mean of so long, looked at every 10 ms: one pause alone must last 1.9 s to bring it over the maximum. */
const SAMPLE_SECONDS = 2

/**
 * Whether this process should be sent requests, and the refusal of those that are too many. An issuer that is down is no
 * reason: other replicas have none either.
 */
export default fp(
  async (app) => {
    let isDraining = false
    let isOverloaded = false
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
      sampleInterval: SAMPLE_SECONDS * 1000,
      pressureHandler: () => {}, // the hook below refuses, in the one shape of errors
    })

    app.addHook('onRequest', ({ routeOptions }, _reply, done) => {
      if (app.isUnderPressure() !== isOverloaded) {
        isOverloaded = !isOverloaded
        const delayMs = Math.round(app.memoryUsage().eventLoopDelay)
        if (isOverloaded) app.log.warn({ delayMs }, 'overloaded; requests are refused')
        else app.log.info({ delayMs }, 'no longer overloaded')
      }
      // Probes are never limited, by count or by load: who watches the service has to see what is wrong with it
      const isProbe = routeOptions.config.rateLimit === false
      if (isOverloaded && !isProbe)
        done(new ServiceError('overloaded', { retryAfterSeconds: SAMPLE_SECONDS }))
      else done()
    })

    app.decorate('startDraining', () => {
      isDraining = true
      // Whoever is being served now would otherwise keep the connection, and the process, for as long as they like
      app.server.keepAliveTimeout = 1
      app.server.keepAliveTimeoutBuffer = 0
    })
    app.decorate(
      'readinessChecks',
      new Map<string, ReadinessCheck>([
        ['process', () => fail(isDraining, 'shutting down')],
        ['load', () => fail(app.isUnderPressure(), 'overloaded')],
      ]),
    )
  },
  // after cors, so that pages can read a refusal
  { name: 'readiness', dependencies: ['cors'] },
)

function fail(condition: boolean, message: string) {
  if (condition) throw new Error(message)
}
