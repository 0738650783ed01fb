import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { EXPIRY_INTERVAL_MS } from '../../../src/plugins/revocation/index.ts'
import { OVERLAP, PAGE } from '../../../src/plugins/revocation/revocations.ts'
import { revokeTokens } from '../../../src/plugins/store/tables/revocations.ts'
import { type BuildOptions, bearer, buildApp, type TestApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'
import { startMeasured } from '../../helpers/measured.ts'
import { onRedis } from '../../helpers/redis.ts'

const HOUR = 3_600_000

async function isTrueSoon(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10)
}

/** An issuer, and a function that builds replicas with one database. */
async function start(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const issuer = await TestIssuer.start(t)
  const build = (environment: Record<string, string> = {}, options: BuildOptions = {}) =>
    buildApp(t, issuer, {
      ...options,
      environment: {
        DATABASE_URL: `file:${folder}/test.db`,
        REVOCATION_POLL_SECONDS: '1',
        ...environment,
      },
    })
  return { issuer, build }
}

function revoke(app: TestApp, issuer: string, sid: string, until = Date.now() + HOUR) {
  const tokens = { issuer, kind: 'sid', value: sid, before: undefined, until, reason: undefined } as const
  return revokeTokens(app.store, tokens, Date.now())
}

async function statusOf(app: TestApp, token: string): Promise<number> {
  return (await app.inject({ url: '/api/private', headers: bearer(token) })).statusCode
}

function messages({ logLines }: TestApp): string[] {
  return logLines.map(({ msg }) => msg)
}

t.test('a replica learns of a revocation by reading at intervals', async (t) => {
  const { issuer, build } = await start(t)
  const [here, there] = [await build(), await build()]
  const token = await issuer.sign({ sid: 's' })
  t.strictSame([await statusOf(here, token), await statusOf(there, token)], [200, 200])
  t.equal(there.verifier.isRevoked, undefined, 'nothing is asked while no token is revoked')
  await revoke(here, issuer.url, 's')
  await here.revocations.spread()
  t.equal(await statusOf(here, token), 401)
  await isTrueSoon(() => there.revocations.size === 1)
  t.equal(await statusOf(there, token), 401)
  t.equal(await statusOf(await build(), token), 401, 'a new replica reads the list before the first request')
})

t.test(
  'a read finds what was written before it was asked for, also while another read is running',
  async (t) => {
    const { issuer, build } = await start(t)
    const app = await build()
    const running = app.revocations.refresh()
    await revoke(app, issuer.url, 's')
    await Promise.all([app.revocations.refresh(), app.revocations.refresh()])
    await running
    t.equal(app.revocations.size, 1)
  },
)

t.test('rows that were committed late are read, within the overlap', async (t) => {
  const { issuer, build } = await start(t)
  const app = await build()
  for (let count = 0; count <= OVERLAP; count++) await revoke(app, issuer.url, `s-${count}`)
  await app.revocations.refresh()
  for (const id of [2, 1]) await sql`delete from revocations where id = ${id}`.execute(app.store)
  const { id } = await revoke(app, issuer.url, 'last')
  await sql`update revocations set id = 2 where id = ${id}`.execute(app.store)
  await app.revocations.refresh()
  t.equal(await statusOf(app, await issuer.sign({ sid: 'last' })), 401)
})

t.test('a list of several pages is read at the start', async (t) => {
  const { issuer, build } = await start(t)
  const app = await build()
  await app.store.transaction().execute(async (transaction) => {
    for (let count = 0; count <= PAGE; count++)
      await revoke({ store: transaction } as unknown as TestApp, issuer.url, `s-${count}`)
  })
  const next = await build()
  t.equal(next.revocations.size, PAGE + 1)
  t.equal(await statusOf(next, await issuer.sign({ sid: `s-${PAGE}` })), 401)
})

t.test('while the database fails, the known list stays in use', async (t) => {
  const { issuer, build } = await start(t)
  const app = await build()
  await revoke(app, issuer.url, 's')
  await app.revocations.spread()
  await sql`alter table revocations rename to gone`.execute(app.store)
  await app.revocations.refresh()
  await app.revocations.refresh()
  const token = await issuer.sign({ sid: 's' })
  t.equal(await statusOf(app, token), 401)
  t.ok(app.revocations.ageMs(Date.now() + 60_000) >= 60_000)
  const failures = () => messages(app).filter((text) => text.startsWith('revocations cannot be read'))
  t.equal(failures().length, 1, 'one line, not one for each read')
  const next = await build()
  t.equal(await statusOf(next, token), 200, 'a replica without the list does not block')
  await sql`alter table gone rename to revocations`.execute(app.store)
  await app.revocations.refresh()
  t.ok(messages(app).includes('revocations can be read again'))
  await isTrueSoon(() => next.revocations.size === 1)
  t.equal(await statusOf(next, token), 401)
})

t.test('expired revocations are deleted at intervals, also after a failure', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { issuer, build } = await start(t)
  const app = await build()
  await app.store.transaction().execute(async (transaction) => {
    for (let count = 0; count <= 1_000; count++)
      await revoke({ store: transaction } as unknown as TestApp, issuer.url, `s-${count}`)
  })
  await app.revocations.refresh()
  const clock = moveClock(t)
  clock.set(2 * HOUR)
  await sql`alter table revocations rename to gone`.execute(app.store)
  mock.timers.tick(EXPIRY_INTERVAL_MS)
  await isTrueSoon(() => messages(app).some((text) => text.startsWith('expired revocations not deleted')))
  t.equal(app.revocations.size, 0)
  t.equal(app.verifier.isRevoked, undefined)
  await sql`alter table gone rename to revocations`.execute(app.store)
  mock.timers.tick(EXPIRY_INTERVAL_MS)
  const count = async () => (await app.store.selectFrom('revocations').selectAll().execute()).length
  await isTrueSoon(async () => (await count()) === 0)
})

t.test('tokens that live longer than revocations are kept are rejected if the maximum is set', async (t) => {
  const { issuer, build } = await start(t)
  const now = Math.floor(Date.now() / 1000)
  const [fits, lives, unknown] = [
    await issuer.sign({ iat: now, exp: now + 3_600 }),
    await issuer.sign({ iat: now, exp: now + 3_601 }),
    await issuer.sign({ iat: undefined }),
  ]
  const [limited, unlimited] = [await build({ MAX_TOKEN_LIFETIME_SECONDS: '3600' }), await build()]
  const statuses = async (app: TestApp) => [
    await statusOf(app, fits),
    await statusOf(app, lives),
    await statusOf(app, unknown),
  ]
  t.strictSame(
    [await statuses(limited), await statuses(unlimited)],
    [
      [200, 401, 401],
      [200, 200, 200],
    ],
  )
  t.equal(limited.revocations.lifetimeMs, 3_630_000, 'with the tolerance for clocks')
  t.equal(unlimited.revocations.lifetimeMs, 86_430_000)
})

t.test('the metrics have the revoked tokens, the size of the list and its age', async (t) => {
  const { issuer, app, get, scrape } = await startMeasured(t)
  await revoke(app, issuer.url, 's')
  await app.revocations.spread()
  t.equal(await get('/api/private', await issuer.sign({ sid: 's' })), 401)
  const metrics = await scrape()
  t.equal(metrics.sum('gatehouse_revocations'), 1)
  t.equal(metrics.sum('gatehouse_tokens_total', { outcome: 'revoked' }), 1)
  t.ok(metrics.sum('gatehouse_revocations_age_seconds') < 60)
})

onRedis(t, 'with Redis a replica learns of a revocation at once', async (t, { url }) => {
  const { issuer, build } = await start(t)
  const environment = { REDIS_URL: url, REVOCATION_POLL_SECONDS: '300' } // longer than a test may take
  const [here, there] = [await build(environment), await build(environment)]
  const token = await issuer.sign({ sid: 's' })
  t.equal(await statusOf(there, token), 200)
  await revoke(here, issuer.url, 's')
  await here.revocations.spread()
  await isTrueSoon(() => there.revocations.size === 1)
  t.equal(await statusOf(there, token), 401)
})

onRedis(t, 'without Redis a replica reads at intervals, and with it at once again', async (t, redis) => {
  const { issuer, build } = await start(t)
  const environment = { REDIS_URL: redis.url, REVOCATION_POLL_SECONDS: '1' }
  await redis.stop()
  const [here, there] = [await build(environment), await build(environment)]
  await revoke(here, issuer.url, 's-1')
  await here.revocations.spread()
  await isTrueSoon(() => there.revocations.size === 1)
  await isTrueSoon(() => messages(there).some((msg) => /^Redis is not available; revocations/.test(msg)))
  await redis.start()
  while (!messages(there).some((msg) => /^Redis is available; revocations/.test(msg))) {
    await delay(100) // the next revocation after the cooldown tries Redis
    await there.revocations.spread()
  }
})

t.test('a foreign application decides which tokens are revoked', async (t) => {
  const { default: Fastify } = await import('fastify')
  const { default: auth } = await import('../../../src/plugins/auth/index.ts')
  const { default: guards } = await import('../../../src/plugins/guards/index.ts')
  const issuer = await TestIssuer.start(t)
  const foreign = Fastify()
  t.teardown(() => foreign.close())
  const revoked = new Set(['s-1'])
  const isRevoked = ({ claims: { sid } }: { claims: Record<string, unknown> }) => revoked.has(String(sid))
  await foreign.register(auth, { issuers: [issuer.url], audiences: [AUDIENCE], isRevoked })
  await foreign.register(guards)
  foreign.get('/me', { preHandler: foreign.authenticate }, async () => 'me')
  const status = async (sid: string) =>
    (await foreign.inject({ url: '/me', headers: bearer(await issuer.sign({ sid })) })).statusCode
  t.strictSame([await status('s-1'), await status('s-2')], [401, 200])
})
