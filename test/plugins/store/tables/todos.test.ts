import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import {
  createTodo,
  deleteTodo,
  findTodo,
  listTodos,
  updateTodo,
} from '../../../../src/plugins/store/tables/todos.ts'
import { deleteUser, recordVisit } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const MAXIMUM = 100
/** Connections of one process to PostgreSQL. */
const MAX_CONCURRENT = 10
const fields = { title: 'water the plants', date: '2026-11-21' }

async function twoUsers(store: Store): Promise<[ada: number, bob: number]> {
  const id = async (subject: string) => (await recordVisit(store, { issuer, subject }, 0)).user.id
  return [await id('ada'), await id('bob')]
}

onEachStore(t, 'a to-do is created, found, changed and deleted', async (t, store) => {
  const [ada] = await twoUsers(store)
  const todo = await createTodo(store, ada, fields, MAXIMUM)
  t.strictSame(todo, { id: 1, ...fields, user: ada })
  t.strictSame(await findTodo(store, ada, todo.id), todo)
  t.strictSame(await updateTodo(store, ada, todo.id, { title: 'sweep' }), { ...todo, title: 'sweep' })
  t.strictSame(await updateTodo(store, ada, todo.id, { date: '2027-01-01' }), {
    ...todo,
    title: 'sweep',
    date: '2027-01-01',
  })
  t.strictSame(await updateTodo(store, ada, todo.id, fields), todo)
  t.strictSame(await updateTodo(store, ada, todo.id, {}), todo)
  t.equal(await deleteTodo(store, ada, todo.id), true)
  t.equal(await deleteTodo(store, ada, todo.id), false)
  t.equal(await findTodo(store, ada, todo.id), undefined)
  t.equal(await updateTodo(store, ada, todo.id, fields), undefined)
  t.equal((await createTodo(store, ada, fields, MAXIMUM)).id, 2, 'ids are not reused')
})

onEachStore(t, 'titles are stored unchanged', async (t, store) => {
  const [ada] = await twoUsers(store)
  for (const title of ["'; drop table todos; --", 'Ä 漢字 👩‍🌾 \n\t"\\', 'x'.repeat(1000)]) {
    const { id } = await createTodo(store, ada, { ...fields, title }, MAXIMUM)
    t.match(await findTodo(store, ada, id), { title })
  }
})

onEachStore(t, 'to-dos of other users are not found', async (t, store) => {
  const [ada, bob] = await twoUsers(store)
  const todo = await createTodo(store, ada, fields, MAXIMUM)
  t.equal(await findTodo(store, bob, todo.id), undefined)
  t.equal(await updateTodo(store, bob, todo.id, { title: 'mine' }), undefined)
  t.equal(await updateTodo(store, bob, todo.id, {}), undefined)
  t.equal(await deleteTodo(store, bob, todo.id), false)
  t.strictSame(await listTodos(store, bob, { cursor: 0, limit: 9 }), { items: [], next: undefined })
  t.strictSame(await findTodo(store, ada, todo.id), todo)
})

onEachStore(t, 'the list has pages ordered by id, without to-dos of other users', async (t, store) => {
  const [ada, bob] = await twoUsers(store)
  for (const user of [ada, bob, ada, bob, ada]) await createTodo(store, user, fields, MAXIMUM)
  const ids = async (cursor: number, limit: number) => {
    const { items, next } = await listTodos(store, ada, { cursor, limit })
    return [items.map(({ id }) => id), next]
  }
  t.strictSame(await ids(0, 2), [[1, 3], 3])
  t.strictSame(await ids(3, 2), [[5], undefined])
  t.strictSame(await ids(0, 3), [[1, 3, 5], undefined])
  await deleteTodo(store, ada, 3)
  t.strictSame(
    await ids(3, 2),
    [[5], undefined],
    'a deleted to-do does not change where the next page starts',
  )
})

onEachStore(t, 'to-dos are deleted with their user, who cannot create more', async (t, store) => {
  const [ada, bob] = await twoUsers(store)
  for (const user of [ada, bob]) await createTodo(store, user, fields, MAXIMUM)
  await deleteUser(store, issuer, ada)
  const count = async (user: number) => (await listTodos(store, user, { cursor: 0, limit: 9 })).items.length
  t.strictSame([await count(ada), await count(bob)], [0, 1])
  await t.rejects(createTodo(store, ada, fields, MAXIMUM), { code: 'user_deleted', statusCode: 409 })
})

onEachStore(t, 'other errors are not translated', async (t, store) => {
  const [ada] = await twoUsers(store)
  const untitled = { ...fields, title: null as unknown as string }
  await t.rejects(createTodo(store, ada, untitled, MAXIMUM), { message: /null/i, statusCode: undefined })
})

onEachStore(t, 'a user has at most the maximum number of to-dos', async (t, store) => {
  const [ada, bob] = await twoUsers(store)
  const created = []
  for (let count = 0; count < 3; count++) created.push(await createTodo(store, ada, fields, 3))
  await t.rejects(createTodo(store, ada, fields, 3), { code: 'limit_reached', statusCode: 409 })
  t.match(await createTodo(store, bob, fields, 3), { user: bob }, 'to-dos of other users do not count')
  await deleteTodo(store, ada, created[0]?.id ?? 0)
  t.match(await createTodo(store, ada, fields, 3), { user: ada })
  await t.rejects(createTodo(store, ada, fields, 3), { code: 'limit_reached' })
  t.match(await createTodo(store, ada, fields, 4), { user: ada }, 'the maximum may be raised')
})

onEachStore(t, 'concurrent requests exceed the maximum by no more than their number', async (t, store) => {
  const [ada] = await twoUsers(store)
  const create = () =>
    createTodo(store, ada, fields, 5).then(
      () => 1,
      () => 0,
    )
  const results = await Promise.all(Array.from({ length: 40 }, create))
  const created = results.filter((result) => result === 1).length
  t.ok(created >= 5 && created <= 5 + MAX_CONCURRENT, `${created} of 40`)
  t.equal(await create(), 0, 'afterwards the maximum holds')
})
