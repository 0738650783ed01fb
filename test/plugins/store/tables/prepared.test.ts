import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import { prepared } from '../../../../src/plugins/store/tables/prepared.ts'
import { recordVisit } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'

function addUsers(store: Store) {
  return Promise.all(['ada', 'bob'].map((subject) => recordVisit(store, { issuer, subject }, 0)))
}

onEachStore(t, 'a query is built once per store, and runs with the values of each call', async (t, store) => {
  await addUsers(store)
  let built = 0
  const find = prepared((store, subject: string, limit: number) => {
    built++
    return store.selectFrom('users').select('subject').where('subject', '=', subject).limit(limit)
  })
  t.strictSame(await find(store, 'ada', 9), [{ subject: 'ada' }])
  t.strictSame(await find(store, 'bob', 9), [{ subject: 'bob' }])
  t.strictSame(await find(store, 'carl', 9), [])
  t.equal(built, 1)
  await store.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('users').where('subject', '=', 'ada').execute()
    t.strictSame(await find(transaction, 'ada', 9), [], 'runs inside the transaction')
  })
  t.equal(built, 2)
})

onEachStore(t, 'values that are not the parameters of the statement are an error', async (t, store) => {
  const [ada] = await addUsers(store)
  const id = ada?.user.id ?? 0
  const find = (swap: boolean) =>
    prepared((store, id: number, subject: string) => {
      const query = store.selectFrom('users').select('id')
      return swap
        ? query.where('subject', '=', subject).where('id', '=', id)
        : query.where('id', '=', id).where('subject', '=', subject)
    })
  t.strictSame(await find(false)(store, id, 'ada'), [{ id }])
  await t.rejects(find(true)(store, id, 'ada'), /are not the parameters of: select "id"/)
})
