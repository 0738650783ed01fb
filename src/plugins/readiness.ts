import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'

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

const MAX_EVENT_LOOP_DELAY_MS = 1_000

/** Whether this process should be sent requests. An issuer that is down is no reason: other replicas have none either. */
export default fp(
  async (app) => {
    let isDraining = false
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
      pressureHandler: () => {},
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
        ['load', () => fail(app.isUnderPressure(), 'overloaded')],
      ]),
    )
  },
  { name: 'readiness' },
)

function fail(condition: boolean, message: string) {
  if (condition) throw new Error(message)
}
