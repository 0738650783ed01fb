import type { FastifyInstance } from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import { withTimeout } from '../../http/with-timeout.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { connectToRedis } from './connect.ts'

/** Limit for the first connection, so that a service starts while Redis is unreachable. */
const START_LIMIT_MS = 5_000

/** A use of Redis by a module. */
export interface RedisUse<Argument, Result> {
  /** Sends commands. */
  readonly remote: (argument: Argument) => Promise<Result>
  /** Replaces `remote` while Redis is not available. */
  readonly fallback: (argument: Argument) => Promise<Result>
  /** Ends of the log messages about a failure and about its end. */
  readonly messages: readonly [whileDown: string, again: string]
}

/** The connection to Redis, which all modules of the process share. */
export class SharedRedis {
  readonly client: Redis | Cluster
  readonly #app: FastifyInstance
  readonly #url: string
  readonly #connecting: Promise<void>
  #connectionError: string | undefined

  constructor(app: FastifyInstance, url: string) {
    this.#app = app
    this.#url = url
    this.client = this.#makeClient()
    this.client.on('error', ({ message }) => {
      this.#connectionError = message // the error of a command does not say why
    })
    this.#connecting = withTimeout(
      this.client.connect(),
      START_LIMIT_MS,
      () => new Error('no connection yet'),
    )
    this.#connecting.catch(() => {}) // each use handles it
  }

  /** Prepares a use. Waits for the connection, so that the first request already uses it. */
  async use<Argument, Result>({ messages: [whileDown, again], ...functions }: RedisUse<Argument, Result>) {
    const { log } = this.#app
    const breaker = new CircuitBreaker<Argument, Result>({
      ...functions,
      onFailure: this.#countFailure,
      onOpen: ({ message }) =>
        log.warn({ reason: this.#reason(message) }, `Redis is not available; ${whileDown}`),
      onClose: () => log.info(`Redis is available; ${again}`),
    })
    await this.#connecting.catch((error) => breaker.open(error, performance.now()))
    return {
      call: (argument: Argument) => breaker.call(argument, performance.now()),
      isAvailable: () => !breaker.isOpen,
    }
  }

  /**
   * Calls the listener for each message of the channel, and after each new connection, since messages may have been missed. It
   * takes a second connection, because a subscriber sends no other commands. Does not wait for it.
   */
  subscribe(channel: string, listener: () => void): void {
    const subscriber = this.#makeClient()
    subscriber.on('error', () => {}) // the uses of the client log an outage
    subscriber.on('ready', () => void subscriber.subscribe(channel).then(listener, this.#countFailure))
    subscriber.on('message', listener)
    subscriber.connect().catch(this.#countFailure)
  }

  readonly #countFailure = () => this.#app.events?.redisFailed()

  #makeClient(): Redis | Cluster {
    const client = connectToRedis(this.#url)
    this.#app.addHook('onClose', () => client.disconnect())
    return client
  }

  /** Only the message: the error object contains the command, whose arguments may include the password. */
  #reason(message: string): string {
    return this.client.status === 'ready' ? message : (this.#connectionError ?? message)
  }
}
