import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { redisUrls } from '../../http/redis-urls.ts'

/** Well above the response time of a healthy Redis. */
const COMMAND_TIMEOUT_MS = 250
const CONNECT_TIMEOUT_MS = 1_000
/** A connection without a response for this long is replaced, because its host may be gone. */
const SILENCE_MS = 3_000
const MAX_RECONNECT_DELAY_MS = 2_000
/** Redirections of a command within a cluster: a slot may move, and once more while it does. */
const MAX_REDIRECTIONS = 2

const retryStrategy = (attempt: number) => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS)

const options = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
} satisfies RedisOptions

const singleOptions = {
  ...options,
  lazyConnect: true,
  enableOfflineQueue: false,
  retryStrategy,
  // After a failover, the former primary keeps its connections open; only a new connection reaches the new one
  reconnectOnError: ({ message }) => message.startsWith('READONLY'),
} satisfies RedisOptions

/**
 * Returns a client of one Redis, a cluster or a primary found by Sentinel. It fails fast: a command fails at once without
 * a connection, soon without a response, and is never sent twice. Reconnects in the background for as long as the
 * process runs.
 */
export function connectToRedis(text: string): Redis | Cluster {
  const { kind, urls } = redisUrls(text)
  const [first, ...others] = urls.map((url) => new URL(url)) as [URL, ...URL[]]
  if (kind === 'single') return new Redis(first.href, singleOptions)
  const isTls = first.protocol === 'rediss:'
  const access = {
    ...(first.username && { username: decodeURIComponent(first.username) }),
    ...(first.password && { password: decodeURIComponent(first.password) }),
    ...(isTls && { tls: {} }),
  }
  const nodes = (defaultPort: number) =>
    [first, ...others].map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''), // of an IPv6 address
      port: Number(port || defaultPort),
    }))
  if (kind === 'cluster')
    return new Cluster(nodes(6379), {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      maxRedirections: MAX_REDIRECTIONS,
      redisOptions: { ...options, ...access },
    })
  return new Redis({
    ...singleOptions,
    ...access,
    sentinels: nodes(26379),
    name: decodeURIComponent(first.pathname.slice(1)),
    sentinelPassword: access.password,
    sentinelRetryStrategy: retryStrategy,
    enableTLSForSentinelMode: isTls,
  })
}
