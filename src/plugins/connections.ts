import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Cooldown } from '../http/cooldown.ts'

/** Requests of one connection that may wait behind an unfinished response (RFC 9112, section 9.3.2). */
export const MAX_QUEUED = 16
const MAX_CONNECTIONS = 10_000
const LOG_COOLDOWN_MS = 60_000
/** The common default of operating systems. */
const UNKNOWN_MAX_FILES = 1_024

/** Limits the number of connections and of pipelined requests per connection. */
export default fp(
  async (app) => {
    app.server.maxConnections = app.config.MAX_CONNECTIONS || maxConnectionsFor(maxOpenFiles())
    logDroppedConnections(app)
    boundPipelining(app)
  },
  { name: 'connections', dependencies: ['env', 'security-headers'] },
)

/** Leaves a fifth of the files, at least 40, for databases, issuers and the process itself. */
export function maxConnectionsFor(maxFiles: number): number {
  const reserve = Math.max(40, Math.ceil(maxFiles / 5))
  return Math.max(1, Math.min(MAX_CONNECTIONS, maxFiles - reserve))
}

/** The soft limit of this process (getrlimit(2)), where the system has proc(5). */
export function maxOpenFiles(limits = '/proc/self/limits'): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1] ?? UNKNOWN_MAX_FILES)
  } catch {
    return UNKNOWN_MAX_FILES
  }
}

/** Logs that Node has closed connections beyond the limit, at most once per minute. */
function logDroppedConnections({ server, log }: FastifyInstance): void {
  const cooldown = new Cooldown(LOG_COOLDOWN_MS)
  server.on('drop', () => {
    if (cooldown.remainingMs(performance.now()) > 0) return
    cooldown.start(performance.now())
    log.warn({ maxConnections: server.maxConnections }, 'too many connections; further ones are closed')
  })
}

/**
 * Closes connections with too many pipelined requests. Node handles all requests of a packet at once and buffers their
 * responses, so a client that does not read could exhaust the memory with one packet.
 */
function boundPipelining(app: FastifyInstance): void {
  const queued = new WeakMap<Socket, number>()

  app.addHook('onRequest', ({ raw: { socket }, log }, reply, done) => {
    if (socket.destroyed) return // remaining requests of a packet whose connection was closed below
    const isQueued = reply.raw.socket === null
    if (!isQueued) return done()
    const count = (queued.get(socket) ?? 0) + 1
    if (count > MAX_QUEUED) {
      log.info({ detail: `more than ${MAX_QUEUED} pipelined requests` }, 'connection closed')
      socket.destroy()
      return
    }
    queued.set(socket, count)
    reply.raw.once('close', () => queued.set(socket, (queued.get(socket) as number) - 1))
    done()
  })
}
