import t from 'tap'
import { useOnce } from '../../../../src/plugins/store/tables/used-once.ts'
import { onEachStore } from '../../../helpers/database.ts'

onEachStore(t, 'of many who use a thing, one is the first', async (t, store) => {
  const all = await Promise.all(Array.from({ length: 10 }, () => useOnce(store, 'a', Date.now())))
  t.equal(all.filter(Boolean).length, 1)
  t.notOk(await useOnce(store, 'a', Date.now()))
  t.ok(await useOnce(store, 'b', Date.now()))
  t.notMatch(JSON.stringify(await store.selectFrom('used_once').select('key_hash').execute()), /"[ab]"/)
})
