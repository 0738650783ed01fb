import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { mock } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WATCH_INTERVAL_MS } from '../../../src/plugins/key-sets/watch-file.ts'
import { bearer, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

t.test('keys in a file are read again when the file changes, without a request', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const issuer = await TestIssuer.start(t)
  const [first, second] = [issuer.newestKey, await issuer.addKey('key-2')]
  const JWKS_FILE = `${t.testdir({ 'keys.json': JSON.stringify({ keys: [first.jwk] }) })}/keys.json`
  const app = await listen(t, issuer, { environment: { JWKS_FILE } })
  const keySet = app.issuers.get(issuer.url)?.keySet
  const isReadSoon = async (reads: { ok: number; failed: number }) => {
    while (keySet?.fetches.ok !== reads.ok || keySet.fetches.failed !== reads.failed) await delay(10)
  }
  await isReadSoon({ ok: 1, failed: 0 })

  mock.timers.tick(WATCH_INTERVAL_MS)
  await delay(100)
  t.strictSame(keySet?.fetches, { ok: 1, failed: 0 }, 'an unchanged file is not read')

  writeFileSync(JWKS_FILE, JSON.stringify({ keys: [second.jwk] }))
  utimesSync(JWKS_FILE, new Date(), new Date(Date.now() + 1_000))
  mock.timers.tick(WATCH_INTERVAL_MS)
  await isReadSoon({ ok: 2, failed: 0 })
  const status = async (token: string) =>
    (await app.inject({ url: '/api/private', headers: bearer(token) })).statusCode
  t.equal(await status(await issuer.sign({}, {}, first)), 401)
  t.equal(await status(await issuer.sign({}, {}, second)), 200)

  rmSync(JWKS_FILE)
  mock.timers.tick(WATCH_INTERVAL_MS)
  while (keySet?.fetches.failed !== 1) await delay(10)
  t.equal(await status(await issuer.sign({}, {}, second)), 200, 'the known keys stay in use')
  t.equal(issuer.requestHeaders.length, 0)
})
