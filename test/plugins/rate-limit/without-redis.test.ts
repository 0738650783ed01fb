import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../../helpers/free-port.ts'
import { TestRedis } from '../../helpers/redis.ts'

t.test('without redis-server the tests with Redis are skipped, as its start fails at once', async (t) => {
  const folder = t.testdir({})
  for (const name of readdirSync('/bin').filter((name) => ['sh', 'dash', 'bash'].includes(name)))
    symlinkSync(join('/bin', name), join(folder, name))
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = folder
  const redis = new TestRedis(await freePort())
  await t.rejects(redis.start(), /redis-server cannot be started/)
  await redis.stop()
})
