import { mock } from 'node:test'
import t from 'tap'
import { isFirstUse } from '../../../src/plugins/store/tables/replay-guard.ts'
import { EXPIRY_INTERVAL_MS, MAX_CLOCK_DIFFERENCE_MS } from '../../../src/web/login/delete-expired.ts'
import { startWithIssuer } from '../../helpers/web-issuer.ts'

t.test('expired rows are deleted at intervals, also after a failure', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { app } = await startWithIssuer(t)
  const count = async () => (await app.store.selectFrom('replay_guard').selectAll().execute()).length
  const isTrueSoon = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await app.store.transaction().execute(async (transaction) => {
    for (let number = 0; number < 1_001; number++)
      await isFirstUse(transaction, String(number), Date.now() - MAX_CLOCK_DIFFERENCE_MS - 1)
  })
  await isFirstUse(app.store, 'new', Date.now() + 60_000)
  mock.timers.tick(EXPIRY_INTERVAL_MS - 1)
  t.equal(await count(), 1_002)
  mock.timers.tick(1)
  await isTrueSoon(async () => (await count()) === 1)

  await app.store.schema.alterTable('sessions').renameTo('gone').execute()
  mock.timers.tick(EXPIRY_INTERVAL_MS)
  await isTrueSoon(() => app.logLines.some(({ msg, level }) => /not deleted/.test(msg) && level === 40))
  await app.store.schema.alterTable('gone').renameTo('sessions').execute()
  await isFirstUse(app.store, 'old', Date.now() - MAX_CLOCK_DIFFERENCE_MS - 1)
  mock.timers.tick(EXPIRY_INTERVAL_MS)
  await isTrueSoon(async () => (await count()) === 1)
})
