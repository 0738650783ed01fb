import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { MISS_COOLDOWN_MS } from '../../../../src/plugins/auth/key-set.ts'
import { bearer, listen } from '../../../helpers/app.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { heapUsed } from '../../../helpers/heap.ts'
import { TestIssuer } from '../../../helpers/issuer.ts'
import { encode } from '../../../helpers/raw-token.ts'

const FLOOD = 10_000
const MIB = 1_048_576

/** Stops the clock, so that no cooldown ends on a slow machine. */
async function start(t: Test, sockets = 50) {
  const issuer = await TestIssuer.start(t)
  await issuer.addKey('fast', 'ES256')
  const environment = { AUTH_ALGORITHMS: 'RS256,ES256', LOG_LEVEL: 'warn' }
  const app = await listen(t, issuer, { environment })
  const clock = moveClock(t)
  const now = Date.now()
  clock.stopAt(now)
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  t.teardown(() => agent.destroy())
  const status = async (token: string) => {
    const request = get(`${app.url}/api/private`, { agent, headers: bearer(token) })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await text(response)
    return response.statusCode as number
  }
  /** Counts the responses by status. */
  const statuses = async (tokens: Iterable<string>) => {
    const counts: Record<number, number> = {}
    for (const answer of await Promise.all([...tokens].map(status)))
      counts[answer] = (counts[answer] ?? 0) + 1
    return counts
  }
  const inventKid = invent(issuer)
  const later = (ms: number) => clock.stopAt(now + ms)
  return { issuer, app, status, statuses, later, inventKid }
}

/** Makes tokens with an unknown kid and an arbitrary signature, and otherwise valid. */
function invent(issuer: TestIssuer) {
  const signature = 'A'.repeat(86)
  return (count: number, claims = {}) => {
    const payload = encode(issuer.claims(claims))
    return Array.from(
      { length: count },
      () => `${encode(issuer.header({ kid: crypto.randomUUID() }))}.${payload}.${signature}`,
    )
  }
}

t.test('a thousand concurrent first requests cause one download', async (t) => {
  const { issuer, app, statuses } = await start(t, 1000)
  issuer.hold = new Promise((resolve) => {
    let arrived = 0
    app.server.on('request', () => {
      if (++arrived === 1000) resolve()
    })
  })
  const tokens = await Promise.all(Array.from({ length: 1000 }, (_, jti) => issuer.sign({ jti })))
  t.strictSame(await statuses(tokens), { 200: 1000 })
  t.equal(issuer.keySetRequests, 1)
})

t.test('ten thousand invented kids cause one download in 30 seconds', async (t) => {
  await t.test('right after the start', async (t) => {
    const { issuer, status, statuses, inventKid } = await start(t)
    t.strictSame(await statuses(inventKid(FLOOD)), { 401: FLOOD })
    t.equal(issuer.keySetRequests, 2, 'and one at the start')
    t.equal(await status(await issuer.sign()), 200, 'the download found the valid keys')
    t.equal(issuer.keySetRequests, 2)
  })

  await t.test('among valid tokens, which are accepted', async (t) => {
    const { issuer, status, statuses, later, inventKid } = await start(t)
    t.equal(await status(await issuer.sign()), 200)
    const good = await Promise.all(Array.from({ length: 100 }, (_, jti) => issuer.sign({ jti })))
    const flood = inventKid(FLOOD)
    for (const [index, token] of good.entries()) flood.splice(index * 100, 0, token)
    t.strictSame(await statuses(flood), { 200: 100, 401: FLOOD })
    t.equal(issuer.keySetRequests, 2)
    later(MISS_COOLDOWN_MS - 1)
    t.strictSame(await statuses(inventKid(100)), { 401: 100 })
    t.equal(issuer.keySetRequests, 2)
  })
})

t.test('a flood of invented kids does not delay a new key', async (t) => {
  const { issuer, status, statuses, later, inventKid } = await start(t)
  t.equal(await status(await issuer.sign()), 200)
  await issuer.addKey('before', 'ES256')
  t.strictSame(await statuses(inventKid(500)), { 401: 500 })
  t.equal(await status(await issuer.sign()), 200, 'published before the flood')
  await issuer.addKey('during', 'ES256')
  later(MISS_COOLDOWN_MS)
  t.strictSame(await statuses(inventKid(500)), { 401: 500 })
  t.equal(await status(await issuer.sign()), 200, 'published during the flood: found by the next download')
  t.equal(issuer.keySetRequests, 3)
})

t.test('rejected tokens take no lasting memory', async (t) => {
  const { issuer, status, statuses, inventKid } = await start(t)
  const good = await issuer.sign()
  t.equal(await status(good), 200)
  const padding = 'x'.repeat(2048)
  const flood = async (count: number) => {
    await statuses(inventKid(count, { padding }))
    await statuses(Array.from({ length: count }, () => forge(issuer, { padding, jti: crypto.randomUUID() })))
  }
  await flood(1000)
  const before = heapUsed()
  for (let round = 0; round < 5; round++) await flood(1000)
  const grown = heapUsed() - before
  t.ok(grown < 8 * MIB, `ten thousand tokens of 3 KiB left ${grown} bytes`)
  t.equal(await status(good), 200)
})

/** Makes a token with a known kid and a wrong signature. */
function forge(issuer: TestIssuer, claims: object): string {
  return `${encode(issuer.header())}.${encode(issuer.claims(claims))}.${'A'.repeat(86)}`
}
