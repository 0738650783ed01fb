import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import { listKeySets } from '../../../src/plugins/store/tables/key-sets.ts'
import { type BuildOptions, bearer, buildApp, listen, type TestApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'
import { startMeasured } from '../../helpers/measured.ts'

const STATE_SECRET = 'a-secret-of-the-tests-for-the-state'
const HOURS = 3_600_000

async function isTrueSoon(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10)
}

/** An issuer, and a function that starts a service with the same database each time. */
async function start(t: Test, environment: Record<string, string> = { STATE_SECRET }) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const DATABASE_URL = `file:${folder}/test.db`
  const issuer = await TestIssuer.start(t)
  const run = (changes: Record<string, string> = {}, options: BuildOptions = {}) =>
    listen(t, issuer, { ...options, environment: { DATABASE_URL, ...environment, ...changes } })
  const rows = async () => {
    const store = await openStore(DATABASE_URL)
    const kept = await listKeySets(store)
    await store.destroy()
    return kept
  }
  const isKept = () => isTrueSoon(async () => (await rows()).length > 0)
  /** Runs a service until it has kept the keys. */
  const keep = async () => {
    const app = await run()
    await isKept()
    await app.close()
  }
  return { issuer, run, rows, isKept, keep }
}

async function statusOf(app: TestApp, token: string): Promise<number> {
  return (await app.inject({ url: '/api/private', headers: bearer(token) })).statusCode
}

function messages({ logLines }: TestApp): string[] {
  return logLines.map(({ msg }) => msg)
}

t.test('after the start the keys of each issuer are fetched, before the first token', async (t) => {
  const [up, down] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  await down.stop()
  const app = await listen(t, { url: `${up.url},${down.url}` })
  await isTrueSoon(() => app.issuers.get(up.url)?.keySet.size === 1)
  await isTrueSoon(() => app.logLines.some(({ issuer, level }) => issuer === down.url && level === 40))
  const { body } = await app.inject('/readyz')
  t.match(JSON.parse(body), { status: 'ready', issuers: { [up.url]: 'ok', [down.url]: 'no keys' } })
  t.equal(await statusOf(app, await up.sign()), 200)
  t.equal(up.keySetRequests, 1)
})

t.test('an application that does not listen asks no issuer', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer)
  await app.inject('/livez')
  t.equal(issuer.requestHeaders.length, 0)
})

t.test('an issuer that has another name is a warning with both names', async (t) => {
  const issuer = await TestIssuer.start(t)
  const withoutSlash = issuer.url.slice(0, -1)
  for (const [name, quoted] of [
    [issuer.url, `names "${issuer.url}", not "${withoutSlash}"`],
    ['x\n'.repeat(1_000), /names "(x\\n)+[^\n]{1,99}$/],
    [undefined, /names undefined, not "http/],
  ] as const) {
    issuer.discovery = { issuer: name }
    const app = await listen(t, { url: withoutSlash })
    const warning = () => app.logLines.find(({ level }) => level === 40)
    await isTrueSoon(() => warning() !== undefined)
    t.match(warning(), { issuer: withoutSlash, err: { message: quoted } })
  }
})

t.test('while the issuer is down, a new process uses the keys of an earlier one', async (t) => {
  const { issuer, run, keep } = await start(t)
  await keep()
  const token = await issuer.sign()
  await issuer.stop()
  const app = await run()
  t.equal(await statusOf(app, token), 200)
  t.ok(messages(app).includes('kept key set in use until the first fetch'))
  t.match((await app.inject('/readyz')).json(), { issuers: { [issuer.url]: 'ok' } })

  const without = await run({ STATE_SECRET: '' })
  t.equal(await statusOf(without, token), 503, 'without a secret no keys are kept')
})

// part: web-app
t.test('a session secret seals the keys, too', async (t) => {
  const { issuer, run, keep } = await start(t, {
    SESSION_SECRET: STATE_SECRET,
    AUTH0_CLIENT_ID: 'web',
    AUTH0_CLIENT_SECRET: 'secret',
  })
  await keep()
  const token = await issuer.sign()
  await issuer.stop()
  t.equal(await statusOf(await run(), token), 200)
})
// end

t.test('a key that was withdrawn while the service was down is dropped by the first fetch', async (t) => {
  const { issuer, run, keep } = await start(t)
  await keep()
  const token = await issuer.sign()
  issuer.removeKey('key-1')
  await issuer.addKey('key-2')
  const app = await run()
  await isTrueSoon(
    () => issuer.keySetRequests === 2 && app.issuers.get(issuer.url)?.keySet.source === 'fetched',
  )
  t.equal(await statusOf(app, token), 401)
  t.equal(await statusOf(app, await issuer.sign()), 200)
})

t.test('changed rows, rows of another issuer or time, and other secrets are ignored', async (t) => {
  const { issuer, run, rows, keep } = await start(t)
  await keep()
  const token = await issuer.sign()
  await issuer.stop()
  const [kept] = await rows()
  const change = async (columns: object) => {
    const app = await run()
    const store = app.store as unknown as Kysely<{ key_sets: Record<string, string> }>
    await store
      .updateTable('key_sets')
      .set({ ...original, ...columns })
      .execute()
    await app.close()
  }
  const original = {
    issuer: issuer.url,
    sealed: kept?.sealed ?? '',
    fetched_at: new Date(kept?.fetchedAt ?? 0).toISOString(),
  }
  const planted = `A${original.sealed.slice(1)}`
  for (const [columns, status] of [
    [{ sealed: planted === original.sealed ? `B${planted.slice(1)}` : planted }, 503],
    [{ sealed: 'e30' }, 503],
    [{ fetched_at: new Date(Date.now() + 1).toISOString() }, 503],
    [{ issuer: 'https://other.test/' }, 503],
    [{}, 200],
  ] as const) {
    await change(columns)
    t.equal(await statusOf(await run(), token), status, JSON.stringify(columns))
  }
  const other = await run({ STATE_SECRET: 'another-secret-of-the-tests-for-the-state' })
  t.equal(await statusOf(other, token), 503)
  t.ok(messages(other).some((text) => /ignored: it was changed, or sealed with another secret/.test(text)))
  t.equal(
    await statusOf(
      await run({ STATE_SECRET: `a-new-secret-of-the-tests-for-the-state,${STATE_SECRET}` }),
      token,
    ),
    200,
  )
})

t.test('kept keys expire like others, and a clock that was set back does not prolong them', async (t) => {
  const { issuer, run, keep } = await start(t)
  await keep()
  const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 72 * 3_600 })
  await issuer.stop()
  const clock = moveClock(t)
  clock.set(23.9 * HOURS)
  const app = await run()
  t.equal(await statusOf(app, token), 200)
  clock.set(24.1 * HOURS)
  t.equal(await statusOf(app, token), 503)
  t.equal(await statusOf(await run(), token), 503)
  clock.set(-1_000)
  const early = await run()
  clock.set(23.9 * HOURS)
  t.equal(await statusOf(early, token), 200)
  clock.set(24 * HOURS - 500)
  t.equal(await statusOf(early, token), 503)
})

t.test('a set without usable keys is not restored', async (t) => {
  const { issuer, run, keep } = await start(t)
  issuer.keySet = { keys: [{ kty: 'oct', k: 'AAAA' }] }
  await keep()
  await issuer.stop()
  t.notOk(messages(await run()).includes('kept key set in use until the first fetch'))
})

t.test('the same keys are written once in ten minutes, and others at once', async (t) => {
  const { issuer, run, rows, isKept } = await start(t)
  const clock = moveClock(t)
  clock.set(0)
  const app = await run()
  await isKept()
  const keySet = app.issuers.get(issuer.url)?.keySet
  const fetchedAt = async () => {
    await keySet?.renew(Date.now())
    await delay(50)
    return (await rows())[0]?.fetchedAt
  }
  const [first] = await rows()
  clock.set(9 * 60_000)
  t.equal(await fetchedAt(), first?.fetchedAt)
  await issuer.addKey('key-2')
  const changed = Number(await fetchedAt())
  t.ok(changed > Number(first?.fetchedAt))
  clock.set(20 * 60_000)
  t.ok(Number(await fetchedAt()) > changed)
})

t.test('without the table, keys are neither restored nor kept, and tokens are accepted', async (t) => {
  const { issuer, run } = await start(t)
  const app = await run()
  await isTrueSoon(() => app.issuers.get(issuer.url)?.keySet.source === 'fetched')
  await sql`drop table key_sets`.execute(app.store)
  await issuer.addKey('key-2')
  t.equal(await statusOf(app, await issuer.sign()), 200)
  await isTrueSoon(() => messages(app).includes('key set not kept; the next fetch tries again'))
  await app.close()
  const next = await run()
  t.ok(messages(next).includes('kept key sets cannot be read'))
  t.equal(await statusOf(next, await issuer.sign()), 200)
})

t.test('the metrics have the origin of the keys', async (t) => {
  const { issuer, scrape } = await startMeasured(t)
  const source = async (name: string) =>
    (await scrape()).sum('gatehouse_key_set_source', { issuer: issuer.url, source: name })
  await isTrueSoon(async () => (await source('fetched')) === 1)
  t.strictSame([await source('kept'), await source('file')], [0, 0])
})

t.test('an issuer whose keys are in a file is never asked', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { jwk } = issuer.newestKey
  const JWKS_FILE = `${t.testdir({ 'keys.json': JSON.stringify({ keys: [jwk] }) })}/keys.json`
  const app = await listen(t, issuer, { environment: { JWKS_FILE, AUTH0_AUDIENCE: AUDIENCE } })
  t.equal(await statusOf(app, await issuer.sign()), 200)
  t.equal(app.issuers.get(issuer.url)?.keySet.source, 'file')
  t.equal(issuer.requestHeaders.length, 0)
})
