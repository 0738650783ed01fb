import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { connectToRedis } from '../../../src/plugins/redis/connect.ts'
import { bearer, listen } from '../../helpers/app.ts'
import { freePort } from '../../helpers/free-port.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { onRedis } from '../../helpers/redis.ts'
import { startCluster, startSentinel } from '../../helpers/redis-cluster.ts'

/** Sends requests of eight callers, whose keys are in different slots, to two replicas in turn. */
async function countsTogether(t: Test, REDIS_URL: string) {
  const issuer = await TestIssuer.start(t)
  const environment = { RATE_LIMIT_MAX: '2', REDIS_URL }
  const replicas = [await listen(t, issuer, { environment }), await listen(t, issuer, { environment })]
  for (let caller = 0; caller < 8; caller++) {
    const headers = bearer(await issuer.sign({ sub: `caller ${caller}` }))
    const statuses: number[] = []
    for (const { url } of [...replicas, ...replicas])
      statuses.push((await fetch(`${url}/api/private`, { headers })).status)
    t.strictSame(statuses, [200, 200, 429, 429])
  }
  for (const { logLines } of replicas)
    t.strictSame(
      logLines.filter(({ msg }) => /Redis/.test(msg)),
      [],
    )
}

onRedis(t, 'replicas share the counts in a Redis Cluster, over all of its nodes', async (t) => {
  const hosts = await startCluster(t)
  await countsTogether(t, `redis+cluster://${hosts.join(',')}`)
  for (const host of hosts) {
    const client = new Redis(`redis://${host}`)
    t.ok((await client.dbsize()) > 0, host)
    client.disconnect()
  }
})

onRedis(t, 'replicas share the counts in the Redis that Sentinel names', async (t, redis) => {
  const host = await startSentinel(t, redis)
  await countsTogether(t, `redis+sentinel://127.0.0.1:${await freePort()},${host}/primary`)
})

t.test('user, password and TLS of the URL hold for all hosts', async (t) => {
  const options = (url: string) => {
    const client = connectToRedis(url)
    t.teardown(() => client.disconnect())
    return client.options
  }
  t.match(options('rediss+cluster://user:p%40ss@a,b:7001'), {
    redisOptions: { username: 'user', password: 'p@ss', tls: {} },
  })
  t.match(options('redis+sentinel://:p%40ss@a,[::1]/primary'), {
    sentinels: [
      { host: 'a', port: 26379 },
      { host: '::1', port: 26379 },
    ],
    name: 'primary',
    password: 'p@ss',
    sentinelPassword: 'p@ss',
    enableTLSForSentinelMode: false,
  })
})
