import t, { type Test } from 'tap'
import type { DpopVerifier } from '../../src/plugins/auth/proof/dpop-verifier.ts'
import { MAX_PROOFS } from '../../src/plugins/auth/proof/replay-guard.ts'
import { COOLDOWN_MS } from '../../src/plugins/redis/circuit-breaker.ts'
import { listen, type TestApp } from '../helpers/app.ts'
import { makeProof, makeProofKey } from '../helpers/dpop.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { onRedis } from '../helpers/redis.ts'

/** Address at which clients see all replicas. */
const PUBLIC_URL = 'https://api.test'

async function start(t: Test, REDIS_URL?: string) {
  const issuer = await TestIssuer.start(t)
  const environment = { PUBLIC_URLS: PUBLIC_URL, ...(REDIS_URL === undefined ? {} : { REDIS_URL }) }
  const apps = [await listen(t, issuer, { environment }), await listen(t, issuer, { environment })] as const
  const key = await makeProofKey()
  const token = await issuer.sign({ cnf: { jkt: key.jkt } })
  const prove = () => makeProof(key, { url: `${PUBLIC_URL}/api/private`, token })
  const send = async (app: { url: string }, proof: string) => {
    const headers = { authorization: `DPoP ${token}`, dpop: proof }
    const response = await fetch(`${app.url}/api/private`, { headers })
    return {
      status: response.status,
      body: (await response.json()) as { code?: string },
      headers: response.headers,
    }
  }
  const statuses = async (proof: string, ...targets: { url: string }[]) => {
    const all: number[] = []
    for (const app of targets) all.push((await send(app, proof)).status)
    return all
  }
  return { apps, prove, send, statuses }
}

/** Messages about Redis and proofs in the log. */
const about = ({ logLines }: TestApp) =>
  logLines.filter(({ msg }) => /Redis.*DPoP/.test(msg)).map(({ msg }) => msg)

const DOWN = 'Redis is not available; this process remembers DPoP proofs alone'

t.test('without Redis each process accepts a proof once', async (t) => {
  const { apps, prove, statuses } = await start(t)
  const [first, second] = apps
  t.strictSame(await statuses(prove(), first, first, second, second), [200, 401, 200, 401])
})

onRedis(t, 'replicas with one Redis accept a proof once', async (t, redis) => {
  const { apps, prove, send, statuses } = await start(t, redis.url)
  const [first, second] = apps
  t.strictSame(await statuses(prove(), first, second, first), [200, 401, 401])
  const proof = prove()
  const together = await Promise.all([first, second, first, second].map((app) => send(app, proof)))
  t.strictSame(together.map(({ status }) => status).sort(), [200, 401, 401, 401])
  t.strictSame([about(first), about(second)], [[], []])
  t.ok(first.dpop?.replays.isShared)
})

onRedis(t, 'when Redis is down, a process rejects the proofs that it has seen', async (t, redis) => {
  const { apps, prove, statuses } = await start(t, redis.url)
  const [first] = apps
  const before = prove()
  t.strictSame(await statuses(before, first), [200])
  await redis.stop()
  t.strictSame(await statuses(before, first), [401], 'seen while Redis was up')
  for (let i = 0; i < 3; i++) t.strictSame(await statuses(prove(), first, first), [200, 401])
  t.strictSame(about(first), [DOWN], 'said once')
  t.notOk(first.dpop?.replays.isShared)

  await redis.start()
  const end = Date.now() + 4 * COOLDOWN_MS
  while (!first.dpop?.replays.isShared && Date.now() < end) {
    await statuses(prove(), first)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.strictSame(about(first), [DOWN, 'Redis is available; DPoP proofs are remembered across processes'])
})

t.test('the service starts while Redis is down', async (t) => {
  const { apps, prove, statuses } = await start(t, 'redis://127.0.0.1:1')
  t.strictSame(await statuses(prove(), apps[0], apps[0]), [200, 401])
  t.strictSame(about(apps[0]), [DOWN])
})

t.test('when the memory is full of proofs, further ones are 503 and not accepted', async (t) => {
  const { apps, prove, send, statuses } = await start(t)
  const [app] = apps
  const known = prove()
  t.strictSame(await statuses(known, app), [200])
  const { replays } = app.dpop as DpopVerifier
  const lifetimeMs = 120_000
  for (let i = replays.size; i < MAX_PROOFS; i++)
    replays.isNew('another key', String(i), lifetimeMs, performance.now())
  const { status, body, headers } = await send(app, prove())
  t.strictSame([status, body.code, headers.get('retry-after')], [503, 'overloaded', '135'])
  t.strictSame(await statuses(known, app), [401])
})
