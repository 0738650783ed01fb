import { Redis } from 'ioredis'

/** More than a healthy Redis ever needs, and little enough to wait for. */
const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 1_000
/** A connection on which nothing comes back for so long is replaced: its machine may be gone. */
const SILENCE_MS = 3_000
const MAX_RECONNECT_PAUSE_MS = 2_000

/**
 * A connection that keeps nobody waiting: a command fails at once without a connection, soon without an answer, and is
 * never sent again. It is made anew in the background for as long as the process runs.
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
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_PAUSE_MS),
    // What was the primary before a failover leaves its connections open: only a new one leads to its successor
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
}
