import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'
import { TestRedis } from './redis.ts'

/** Starts a cluster of two nodes without replicas, each with half of the slots. @returns their hosts */
export async function startCluster(t: Test): Promise<string[]> {
  const folder = t.testdir()
  const nodes = [await freePort(), await freePort()]
  const busPorts = [await freePort(), await freePort()]
  for (const [index, port] of nodes.entries()) {
    const options = ['--cluster-enabled', 'yes', '--cluster-config-file', join(folder, `${index}.conf`)]
    const redis = new TestRedis(port, [...options, '--cluster-port', String(busPorts[index])])
    t.teardown(() => redis.stop())
    await redis.start()
  }
  const clients = nodes.map((port) => new Redis(port, '127.0.0.1'))
  const [first, second] = clients as [Redis, Redis]
  await first.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191')
  await second.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383')
  await second.call('CLUSTER', 'SET-CONFIG-EPOCH', '2')
  await first.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[1]), String(busPorts[1]))
  for (const client of clients) {
    while (!/cluster_state:ok/.test(String(await client.call('CLUSTER', 'INFO')))) await delay(50)
    client.disconnect()
  }
  return nodes.map((port) => `127.0.0.1:${port}`)
}

/** Starts a Sentinel that watches the Redis under the name `primary`. @returns its host */
export async function startSentinel(t: Test, redis: TestRedis): Promise<string> {
  const port = await freePort()
  const { port: primary } = new URL(redis.url)
  const file = join(
    t.testdir({ 'sentinel.conf': `sentinel monitor primary 127.0.0.1 ${primary} 1\n` }),
    'sentinel.conf',
  )
  const sentinel = new TestRedis(port, ['--sentinel'], file)
  t.teardown(() => sentinel.stop())
  await sentinel.start()
  return `127.0.0.1:${port}`
}
