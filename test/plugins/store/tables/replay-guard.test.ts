import t from 'tap'
import { isFirstUse } from '../../../../src/plugins/store/tables/replay-guard.ts'
import { onEachStore } from '../../../helpers/database.ts'

onEachStore(t, 'of concurrent uses of one key, exactly one is the first', async (t, store) => {
  const all = await Promise.all(Array.from({ length: 10 }, () => isFirstUse(store, 'a', Date.now())))
  t.equal(all.filter(Boolean).length, 1)
  t.notOk(await isFirstUse(store, 'a', Date.now()))
  t.ok(await isFirstUse(store, 'b', Date.now()))
  t.notMatch(JSON.stringify(await store.selectFrom('replay_guard').select('key_hash').execute()), /"[ab]"/)
})
