import t from 'tap'
import { listKeySets, saveKeySet } from '../../../../src/plugins/store/tables/key-sets.ts'
import { onEachStore } from '../../../helpers/database.ts'

onEachStore(t, 'each issuer has the key set that was fetched last', async (t, store) => {
  const [one, two] = ['https://one.test/', 'https://two.test/']
  await saveKeySet(store, { issuer: one, sealed: 'first', fetchedAt: 1_000 })
  await saveKeySet(store, { issuer: two, sealed: 'other', fetchedAt: 1_000 })
  await saveKeySet(store, { issuer: one, sealed: 'third', fetchedAt: 3_000 })
  await saveKeySet(store, { issuer: one, sealed: 'second', fetchedAt: 2_000 }) // by a slow process
  const kept = await listKeySets(store)
  t.strictSame(
    kept.toSorted((a, b) => a.issuer.localeCompare(b.issuer)),
    [
      { issuer: one, sealed: 'third', fetchedAt: 3_000 },
      { issuer: two, sealed: 'other', fetchedAt: 1_000 },
    ],
  )
})
