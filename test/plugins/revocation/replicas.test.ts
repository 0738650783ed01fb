import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Browser } from '../../dev/helpers/browser.ts'
import { api, authorizeUrl, exchange, tenantFor } from '../../dev/helpers/tenant.ts'
import { bearer } from '../../helpers/app.ts'
import { prepare } from '../../helpers/database.ts'
import { freePort } from '../../helpers/free-port.ts'
import { onPostgres } from '../../helpers/postgres.ts'
import { required, start } from '../../helpers/process.ts'
import { onRedis } from '../../helpers/redis.ts'
import { webAppAt } from '../../helpers/web-app.ts'

/** Two processes with one database and the local tenant, which sends its logout tokens to the first. */
async function startReplicas(t: Test, DATABASE_URL: string, more: Record<string, string> = {}) {
  await prepare(DATABASE_URL)
  const port = await freePort()
  const base = `http://localhost:${port}`
  const tenant = await tenantFor(t, base)
  const environment = {
    ...required,
    ...webAppAt(base),
    AUTH0_DOMAIN: tenant.issuer,
    AUTH0_AUDIENCE: api,
    DATABASE_URL,
    ...more,
  }
  const run = async (PORT: string) => {
    const replica = start(t, { environment: { ...environment, PORT } })
    return { ...replica, url: await replica.listening() }
  }
  const replicas = [await run(String(port)), await run('0')] as const

  /** Logs in at the tenant. */
  const logIn = async () => {
    const redirect_uri = `${base}/callback`
    const browser = new Browser(tenant.issuer)
    await browser.open(authorizeUrl(tenant, { redirect_uri }))
    await browser.submit({ email: 'reader@example.com', password: 'reader-password' })
    const { body } = await exchange(tenant, browser.left?.searchParams.get('code') ?? '', { redirect_uri })
    const query = new URLSearchParams({ client_id: 'gatehouse-web', returnTo: base })
    const logOut = () => browser.open(`${tenant.issuer}v2/logout?${query}`)
    return { token: body.access_token ?? '', logOut }
  }
  return { replicas, run, logIn }
}

async function statusAt({ url }: { url: string }, token: string): Promise<number> {
  return (await fetch(`${url}/api/private`, { headers: bearer(token) })).status
}

/** Waits until the replica rejects the token, and returns the time in milliseconds. */
async function rejectionTime(t: Test, replica: { url: string }, token: string): Promise<number> {
  const startedAt = performance.now()
  while ((await statusAt(replica, token)) === 200) await delay(20)
  t.equal(await statusAt(replica, token), 401)
  return performance.now() - startedAt
}

/** The comment tells the time. The limit is far above it, since a busy machine delays everything. */
async function rejectInTime(t: Test, replicas: readonly { url: string }[], token: string, limitMs: number) {
  const times = await Promise.all(replicas.map((replica) => rejectionTime(t, replica, token)))
  t.comment(`rejected after ${times.map(Math.round)} ms`)
  t.ok(Math.max(...times) < limitMs)
}

async function testLogout(t: Test, DATABASE_URL: string): Promise<void> {
  const { replicas, run, logIn } = await startReplicas(t, DATABASE_URL)
  const [first, second] = replicas
  const [ended, other] = [await logIn(), await logIn()]
  for (const replica of replicas)
    for (const { token } of [ended, other]) t.equal(await statusAt(replica, token), 200)
  await ended.logOut()
  await rejectInTime(t, replicas, ended.token, 20_000) // four intervals
  t.equal(await statusAt(second, other.token), 200, 'another session of the same user goes on')

  await other.logOut()
  for (const { child } of replicas) child.kill('SIGKILL')
  await Promise.all([first.ended, second.ended])
  const again = await run('0')
  t.equal(await statusAt(again, other.token), 401, 'the list is read before the first request')
  t.equal(await statusAt(again, ended.token), 401)
  t.equal(await statusAt(again, (await logIn()).token), 200, 'a new login is accepted')
}

t.test('a logout at the issuer ends a running access token on two replicas (SQLite)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-')) // start() empties the folder of the test
  t.teardown(() => rmSync(folder, { recursive: true }))
  await testLogout(t, `file:${folder}/test.db`)
})

onPostgres(t, 'a logout at the issuer ends a running access token on two replicas (PostgreSQL)', testLogout)

onRedis(t, 'with Redis the token ends on both replicas within a second', async (t, { url: REDIS_URL }) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const environment = { REDIS_URL, REVOCATION_POLL_SECONDS: '300' }
  const { replicas, logIn } = await startReplicas(t, `file:${folder}/test.db`, environment)
  const { token, logOut } = await logIn()
  for (const replica of replicas) t.equal(await statusAt(replica, token), 200)
  await logOut()
  await rejectInTime(t, replicas, token, 20_000) // a fifteenth of the interval
})
