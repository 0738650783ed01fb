import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** Requests of one connection that may wait behind an unfinished response (RFC 9112, section 9.3.2). */
export const MAX_QUEUED = 16

/**
 * Bounds pipelining. Node handles every request of a packet at once and keeps the responses until those before them are
 * read, so a client that reads nothing could fill the memory with one packet. Its connection is closed instead.
 */
export default fp(
  async (app) => {
    const queued = new WeakMap<Socket, number>()

    app.addHook('onRequest', ({ raw: { socket }, log }, reply, done) => {
      if (socket.destroyed) return // the rest of a packet whose connection was closed below
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
  },
  { name: 'pipelining', dependencies: ['security-headers'] },
)
