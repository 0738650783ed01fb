import { Redis } from 'ioredis'

/** Well above the response time of a healthy Redis. */
const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 1_000
/** A connection without a response for this long is replaced, because its host may be gone. */
const SILENCE_MS = 3_000
const MAX_RECONNECT_DELAY_MS = 2_000

/**
 * Returns a connection that fails fast. A command fails at once without a connection, soon without a response, and is
 * never sent twice. Reconnects in the background for as long as the process runs.
 */
export function connectToRedis(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS),
    // After a failover, the former primary keeps its connections open; only a new connection reaches the new one
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
}
