import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { COOLDOWN_MS } from '../../../src/plugins/redis/circuit-breaker.ts'
import { bearer, listen, type TestApp } from '../../helpers/app.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { onRedis, type TestRedis } from '../../helpers/redis.ts'

/** Starts replicas of the service that count in the same Redis. */
async function start(t: Test, redisUrl: string, { replicas = 2, max = 4 } = {}) {
  const issuer = await TestIssuer.start(t)
  const environment = { RATE_LIMIT_MAX: String(max), REDIS_URL: redisUrl, DPOP: 'disabled' }
  const apps = await Promise.all(Array.from({ length: replicas }, () => listen(t, issuer, { environment })))
  const [first, second] = apps as [(typeof apps)[0], (typeof apps)[0]]
  const statuses = async (app: typeof first, token: string, count = 1) => {
    const all: number[] = []
    for (let i = 0; i < count; i++)
      all.push((await fetch(`${app.url}/api/private`, { headers: bearer(token) })).status)
    return all
  }
  return { issuer, first, second, statuses }
}

/** State changes of Redis in the log, as the rate limit sees them. */
const about = ({ logLines }: TestApp) =>
  logLines.filter(({ msg }) => /Redis.*count/.test(msg)).map(({ msg }) => (/not/.test(msg) ? 'down' : 'up'))

/** Sends requests until Redis is used again. Each has a different caller, because exceeded quotas do not reach Redis. */
async function untilBack(app: TestApp & { url: string }, issuer: TestIssuer) {
  while (about(app).at(-1) !== 'up') {
    const token = await issuer.sign({ sub: crypto.randomUUID() })
    await fetch(`${app.url}/api/private`, { headers: bearer(token) })
    await delay(100)
  }
}

onRedis(t, 'replicas with one Redis share the count', async (t, redis) => {
  const { issuer, first, second, statuses } = await start(t, redis.url)
  const token = await issuer.sign({ sub: 'one' })
  t.strictSame(await statuses(first, token, 2), [200, 200])
  t.strictSame(await statuses(second, token, 3), [200, 200, 429])
  t.strictSame(await statuses(first, token), [429])
  t.strictSame(await statuses(first, await issuer.sign({ sub: 'two' })), [200])
  t.strictSame([about(first), about(second)], [[], []])
})

onRedis(t, 'Redis stores counts for a minute, and neither users nor addresses', async (t, redis) => {
  const { issuer, first, statuses } = await start(t, redis.url, { replicas: 1 })
  await statuses(first, await issuer.sign({ sub: 'secret-name' }))
  await statuses(first, 'rejected')
  await fetch(`${first.url}/api/public`)
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  const keys = await client.keys('*')
  t.equal(keys.length, 3)
  for (const key of keys) {
    t.match(key, /^gatehouse:rate-limit:[\w-]{43}$/)
    t.equal(await client.get(key), '1')
    const left = await client.pttl(key)
    t.ok(left > 0 && left <= 60_000, `${left} ms`)
  }
})

onRedis(t, 'a flood above the limit does not reach Redis', async (t, redis) => {
  const { issuer, first, statuses } = await start(t, redis.url, { replicas: 1, max: 3 })
  const token = await issuer.sign()
  await statuses(first, token, 10)
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  t.strictSame(await client.mget(await client.keys('*')), ['4'])
})

onRedis(
  t,
  'Retry-After is at most a minute although a Redis with a wrong clock reports more',
  async (t, redis) => {
    const { issuer, first, statuses } = await start(t, redis.url, { replicas: 1, max: 1 })
    const token = await issuer.sign()
    t.strictSame(await statuses(first, token), [200])
    const client = new Redis(redis.url)
    t.teardown(() => client.disconnect())
    for (const key of await client.keys('*')) await client.pexpire(key, 2 * 86_400_000)
    for (const source of ['Redis', 'memory']) {
      const response = await fetch(`${first.url}/api/private`, { headers: bearer(token) })
      t.equal(response.status, 429, source)
      t.ok(Number(response.headers.get('retry-after')) <= 60, source)
    }
  },
)

onRedis(t, 'while Redis is down, each replica counts alone', async (t, redis) => {
  const { issuer, first, second, statuses } = await start(t, redis.url)
  const [token, other] = [await issuer.sign({ sub: 'one' }), await issuer.sign({ sub: 'two' })]
  t.strictSame(await statuses(first, token, 2), [200, 200])
  await redis.stop()
  t.strictSame(await statuses(first, token, 5), [200, 200, 200, 200, 429])
  t.strictSame(await statuses(second, token, 5), [200, 200, 200, 200, 429])
  t.equal((await fetch(`${first.url}/readyz`)).status, 200)
  t.strictSame([about(first), about(second)], [['down'], ['down']])
  await redis.start()
  await untilBack(first, issuer)
  await untilBack(second, issuer)
  t.strictSame(await statuses(first, other, 3), [200, 200, 200])
  t.strictSame(await statuses(second, other, 2), [200, 429])
  t.strictSame(
    [about(first), about(second)],
    [
      ['down', 'up'],
      ['down', 'up'],
    ],
  )
})

onRedis(t, 'when Redis hangs, one request waits briefly and the others do not wait', async (t, redis) => {
  const proxy = await DatabaseProxy.start(t, redis.url)
  const { issuer, first, statuses } = await start(t, proxy.url(redis.url), { replicas: 1, max: 1000 })
  const token = await issuer.sign()
  t.strictSame(await statuses(first, token), [200])
  proxy.clog()
  const began = performance.now()
  t.strictSame(await statuses(first, token), [200])
  t.ok(performance.now() - began < COOLDOWN_MS, 'only the command time-out is shorter than the cooldown')
  t.strictSame(about(first), ['down'])
  t.match(
    first.logLines.find(({ msg }) => /Redis/.test(msg)),
    { level: 40, reason: 'Command timed out' },
  )
  t.strictSame(await statuses(first, token, 20), new Array(20).fill(200))
  await proxy.open()
  await untilBack(first, issuer)
  t.strictSame(about(first), ['down', 'up'])
})

onRedis(t, 'a connection without responses is replaced', async (t, redis) => {
  const proxy = await DatabaseProxy.start(t, redis.url)
  const { issuer, first, statuses } = await start(t, proxy.url(redis.url), { replicas: 1, max: 1000 })
  const token = await issuer.sign()
  proxy.strand()
  t.strictSame(await statuses(first, token), [200])
  await untilBack(first, issuer)
  t.strictSame(about(first), ['down', 'up'])
})

t.test('the service starts although Redis does not respond', async (t) => {
  const sockets = new Set<Socket>()
  const hung = createServer((socket) => sockets.add(socket.on('error', () => {})))
  await once(hung.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    hung.close()
  })
  const url = `redis://127.0.0.1:${(hung.address() as AddressInfo).port}`
  const { issuer, first, statuses } = await start(t, url, { replicas: 1 })
  t.strictSame(about(first), ['down'], 'logged at once')
  t.strictSame(await statuses(first, await issuer.sign(), 5), [200, 200, 200, 200, 429])
  t.strictSame(about(first), ['down'])
})

onRedis(t, 'after a failover, the connection to the former primary is replaced', async (t, redis) => {
  const { issuer, first, statuses } = await start(t, redis.url, { replicas: 1, max: 1000 })
  const token = await issuer.sign()
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  const connections = async () => String(await client.client('LIST')).match(/(?<=^id=)\d+/gm)
  const before = await connections()
  await client.replicaof('127.0.0.1', 1)
  t.strictSame(await statuses(first, token), [200])
  t.match(
    first.logLines.find(({ msg }) => /Redis/.test(msg)),
    { reason: /^READONLY/ },
  )
  await client.replicaof('NO', 'ONE')
  await untilBack(first, issuer)
  t.notSame(await connections(), before)
})

onRedis(
  t,
  'a wrong password is logged as the error of Redis, without the password',
  async (t, redis: TestRedis) => {
    const url = redis.url.replace('//', '//service:hidden-password@')
    const { issuer, first, statuses } = await start(t, url, { replicas: 1 })
    t.strictSame(await statuses(first, await issuer.sign()), [200])
    t.match(
      first.logLines.find(({ msg }) => /Redis/.test(msg)),
      { reason: /^WRONGPASS/ },
    )
    t.notMatch(JSON.stringify(first.logLines), /hidden-password/)
  },
)
