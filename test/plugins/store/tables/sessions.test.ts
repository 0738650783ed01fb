import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import {
  createSession,
  deleteSession,
  findSession,
  leaseSession,
  MAX_SESSIONS_PER_USER,
  prolongSession,
  releaseSession,
  replaceContents,
} from '../../../../src/plugins/store/tables/sessions.ts'
import {
  deleteSessionOfUser,
  deleteSessionsOfUser,
  listSessions,
} from '../../../../src/plugins/store/tables/user-sessions.ts'
import { deleteUser, registerUser } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const now = Date.parse('2026-11-22T10:00:00Z')
const profile = { email: null, emailVerified: null, name: null, picture: null }

async function begin(store: Store) {
  const { user } = await registerUser(store, { issuer: 'i', subject: 's' }, profile, now)
  const session = { idHash: 'hash', contents: 'sealed', createdAt: now, expiresAt: now + 1000 }
  const record = { ...session, user: user.id, sid: null }
  await createSession(store, record)
  return { ...record, revision: 0, leasedUntil: undefined, lastUsedAt: now }
}

onEachStore(t, 'a session is found until it expires or is deleted', async (t, store) => {
  const session = await begin(store)
  t.strictSame(await findSession(store, 'hash', now), session)
  t.equal(await findSession(store, 'another', now), undefined)
  t.equal(await findSession(store, 'hash', now + 1000), undefined)
  await prolongSession(store, 'hash', now + 2000, now + 900)
  t.match(await findSession(store, 'hash', now + 1999), { expiresAt: now + 2000, lastUsedAt: now + 900 })
  await deleteSession(store, 'hash')
  t.equal(await findSession(store, 'hash', now), undefined)
})

onEachStore(t, 'deleted users have no sessions, and cannot get one', async (t, store) => {
  const { user } = await begin(store)
  await deleteUser(store, 'i', user)
  t.equal(await findSession(store, 'hash', now), undefined)
  const session = { idHash: 'b', contents: '', createdAt: now, expiresAt: now, user, sid: null }
  await t.rejects(createSession(store, session), { code: 'user_deleted' })
  await begin(store)
  await t.rejects(begin(store), /unique|duplicate/i)
})

onEachStore(t, 'one of many callers gets the lease, until it expires or is released', async (t, store) => {
  const session = await begin(store)
  const lease = (at: number) => leaseSession(store, session, at + 100, at)
  const won = await Promise.all(Array.from({ length: 10 }, () => lease(now)))
  t.equal(won.filter(Boolean).length, 1)
  t.match(await findSession(store, 'hash', now), { leasedUntil: now + 100 })
  t.notOk(await lease(now + 99))
  t.ok(await lease(now + 100))
  await releaseSession(store, session)
  t.match(await findSession(store, 'hash', now), { leasedUntil: undefined })
  t.ok(await lease(now))
})

onEachStore(
  t,
  'contents are replaced once per revision, and never after the session has ended',
  async (t, store) => {
    const session = await begin(store)
    await leaseSession(store, session, now + 100, now)
    t.ok(await replaceContents(store, session, 'other'))
    t.notOk(await replaceContents(store, session, 'late'))
    t.notOk(await leaseSession(store, session, now + 100, now))
    t.match(await findSession(store, 'hash', now), { contents: 'other', revision: 1, leasedUntil: undefined })
    await deleteSession(store, 'hash')
    t.notOk(await replaceContents(store, { ...session, revision: 1 }, 'again'))
    t.equal(await findSession(store, 'hash', now), undefined)
  },
)

onEachStore(t, 'a login beyond 100 sessions of a user ends the oldest session', async (t, store) => {
  const ids = ['ada', 'bob'].map(async (subject) => {
    const { user } = await registerUser(store, { issuer: 'i', subject }, profile, now)
    return user.id
  })
  const [ada = 0, bob = 0] = await Promise.all(ids)
  const create = (user: number, number: number, createdAt = now + number) =>
    createSession(store, {
      idHash: `${user} ${number}`,
      user,
      sid: null,
      contents: '',
      createdAt,
      expiresAt: now + 1_000_000,
    })
  const numbersOf = async (user: number) => {
    const rows = await store.selectFrom('sessions').select('id_hash').where('user_id', '=', user).execute()
    return rows.map(({ id_hash }) => Number(id_hash.split(' ')[1])).sort((a, b) => a - b)
  }
  await create(bob, 1)
  for (let number = 1; number <= MAX_SESSIONS_PER_USER; number++) await create(ada, number)
  t.equal((await numbersOf(ada)).length, 100)
  await create(ada, 101)
  t.strictSame(
    await numbersOf(ada),
    Array.from({ length: 100 }, (_, index) => index + 2),
  )
  await create(ada, 102, now - 1_000) // by a process whose clock is behind
  t.strictSame((await numbersOf(ada)).slice(0, 2), [3, 4])
  t.equal((await numbersOf(ada)).at(-1), 102, 'a new session is never the one that ends')
  await Promise.all(Array.from({ length: 20 }, (_, index) => create(ada, 200 + index)))
  t.equal((await numbersOf(ada)).length, 100, 'after concurrent logins too')
  t.strictSame(await numbersOf(bob), [1])
})

onEachStore(t, 'the sessions of a user are listed and ended, one or all', async (t, store) => {
  const { user } = await begin(store)
  const { user: other } = await registerUser(store, { issuer: 'i', subject: 'other' }, profile, now)
  const add = (idHash: string, owner: number, createdAt: number) =>
    createSession(store, {
      idHash,
      contents: '',
      createdAt,
      expiresAt: createdAt + 1000,
      user: owner,
      sid: null,
    })
  await add('newer', user, now + 1)
  await add('expired', user, now - 1000)
  await add('of another', other.id, now)
  const listed = async (owner: number) => (await listSessions(store, owner, now)).map(({ idHash }) => idHash)
  t.strictSame(await listed(user), ['newer', 'hash'])
  t.equal(await deleteSessionOfUser(store, user, 'of another'), false)
  t.equal(await deleteSessionOfUser(store, user, 'newer'), true)
  await add('third', user, now + 2)
  t.equal(await deleteSessionsOfUser(store, user, 'hash'), 2, 'with the expired one')
  t.strictSame(await listed(user), ['hash'])
  t.equal(await deleteSessionsOfUser(store, user), 1)
  t.strictSame([await listed(user), await listed(other.id)], [[], ['of another']])
})
