import type { Bindings, ChildLoggerOptions, FastifyBaseLogger } from 'fastify/types/logger.js'

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
type Write = (...values: unknown[]) => void

/**
 * Makes the logger of a request. The child logger behind it, which adds the request id, is created at the first line:
 * most requests log nothing, and creating it would cost 4 % of a short request.
 */
export function makeRequestLogger(
  parent: FastifyBaseLogger,
  bindings: Bindings,
  options: ChildLoggerOptions,
): FastifyBaseLogger {
  return new RequestLogger(parent, bindings, options) as unknown as FastifyBaseLogger // with the overloads of pino
}

class RequestLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildLoggerOptions
  #own: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: ChildLoggerOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get level(): string {
    return this.#logger.level
  }

  set level(level: string) {
    this.#logger.level = level
  }

  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return this.#logger.child(bindings, options)
  }

  fatal(...values: unknown[]) {
    this.#write('fatal', values)
  }

  error(...values: unknown[]) {
    this.#write('error', values)
  }

  warn(...values: unknown[]) {
    this.#write('warn', values)
  }

  info(...values: unknown[]) {
    this.#write('info', values)
  }

  debug(...values: unknown[]) {
    this.#write('debug', values)
  }

  trace(...values: unknown[]) {
    this.#write('trace', values)
  }

  silent() {}

  get #logger(): FastifyBaseLogger {
    this.#own ??= this.#parent.child(this.#bindings, this.#options)
    return this.#own
  }

  #write(level: Level, values: unknown[]) {
    const logger = this.#logger as unknown as Record<Level, Write>
    logger[level](...values)
  }
}
