import { sql } from 'kysely'
import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import {
  deleteUser,
  findUser,
  listUsers,
  recordVisit,
  registerUser,
  saveProfile,
} from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const ada = { issuer, subject: 'auth0|ada' }
const noProfile = { email: null, emailVerified: null, name: null, picture: null }
const profile = {
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada',
  picture: 'https://example.com/a.png',
}
const now = Date.UTC(2026, 10, 21, 12)

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i))
const other = 'https://other.test/'
const all = async (store: Store, of = issuer) =>
  (await listUsers(store, of, { cursor: 0, limit: 1000 })).items

onEachStore(t, 'the first visit creates a user, later visits update lastSeenAt', async (t, store) => {
  const first = await recordVisit(store, ada, now)
  t.strictSame(first, {
    hasProfile: false,
    user: {
      ...ada,
      ...noProfile,
      id: 1,
      username: 'auth0.ada',
      createdAt: '2026-11-21T12:00:00.000Z',
      lastSeenAt: '2026-11-21T12:00:00.000Z',
    },
  })
  const second = await recordVisit(store, ada, now + 90_000)
  t.strictSame(second.user, { ...first.user, lastSeenAt: '2026-11-21T12:01:30.000Z' })
  t.strictSame(await all(store), [second.user])
})

onEachStore(
  t,
  '50 concurrent first visits create one user for one identity, 50 users for 50 identities',
  async (t, store) => {
    const one = await Promise.all(times(50, () => recordVisit(store, ada, now)))
    t.equal(new Set(one.map(({ user }) => user.id)).size, 1)
    t.equal((await all(store)).length, 1)
    const others = await Promise.all(
      times(50, (index) => recordVisit(store, { issuer, subject: `auth0|${index}` }, now)),
    )
    t.equal(new Set(others.map(({ user }) => user.id)).size, 50)
    t.equal((await all(store)).length, 51)
  },
)

onEachStore(t, 'users are distinguished by issuer and whole subject only', async (t, store) => {
  const identities = [
    { issuer, subject: 'auth0|999' },
    { issuer, subject: 'google-oauth2|999' },
    { issuer, subject: '999' },
    { issuer, subject: 'AUTH0|999' },
    { issuer: other, subject: 'auth0|999' },
  ]
  for (const identity of identities) {
    await recordVisit(store, identity, now)
    await saveProfile(store, identity, profile, now)
  }
  const users = [...(await all(store)), ...(await all(store, other))]
  t.match(users, identities)
  t.equal(new Set(users.map(({ id }) => id)).size, identities.length)
  for (const { email } of users) t.equal(email, profile.email)
})

onEachStore(t, 'a profile is saved once', async (t, store) => {
  await recordVisit(store, ada, now)
  t.match(await saveProfile(store, ada, profile, now), { ...ada, ...profile })
  t.equal(await saveProfile(store, ada, { ...profile, name: 'Eve' }, now), undefined)
  t.match(await recordVisit(store, ada, now), { user: profile, hasProfile: true })
  t.match(await saveProfile(store, { ...ada, subject: 'unknown' }, profile, now), undefined)
})

onEachStore(t, 'a user is registered once, and has not been seen until the first visit', async (t, store) => {
  const { user, isNew } = await registerUser(store, ada, profile, now)
  t.match(user, { ...ada, ...profile, lastSeenAt: null, createdAt: '2026-11-21T12:00:00.000Z' })
  t.equal(isNew, true)
  const again = await registerUser(store, ada, { ...profile, name: 'Eve' }, now + 1)
  t.strictSame(again, { user, isNew: false }, 'an existing profile is not changed')
  t.match(await recordVisit(store, ada, now), { user: { id: user.id, ...profile }, hasProfile: true })

  const bob = { issuer, subject: 'auth0|bob' }
  const answers = await Promise.all(times(20, () => registerUser(store, bob, noProfile, now)))
  t.equal(answers.filter(({ isNew }) => isNew).length, 1)
  t.equal(new Set(answers.map(({ user }) => user.id)).size, 1)
  t.match(await recordVisit(store, bob, now), { hasProfile: false })
  const late = await registerUser(
    store,
    bob,
    { ...noProfile, email: 'b@example.com', emailVerified: false },
    now,
  )
  t.match(late, { isNew: false, user: { email: 'b@example.com', emailVerified: false, name: null } })
})

onEachStore(t, 'the list has pages ordered by id', async (t, store) => {
  for (const subject of ['a', 'b', 'c']) await recordVisit(store, { issuer, subject }, now)
  const subjects = async (cursor: number, limit: number) => {
    const { items, next } = await listUsers(store, issuer, { cursor, limit })
    return [items.map(({ subject }) => subject), next]
  }
  t.strictSame(await subjects(0, 2), [['a', 'b'], 2])
  t.strictSame(await subjects(2, 2), [['c'], undefined])
  t.strictSame(await subjects(0, 3), [['a', 'b', 'c'], undefined])
  t.strictSame(await subjects(3, 3), [[], undefined])
})

onEachStore(t, 'a deleted user is not found, and the id is not reused', async (t, store) => {
  const { user } = await recordVisit(store, ada, now)
  const other = (await recordVisit(store, { issuer, subject: 'other' }, now)).user
  t.match(await findUser(store, issuer, user.id), ada)
  t.strictSame(await deleteUser(store, issuer, user.id), ada)
  t.equal(await deleteUser(store, issuer, user.id), undefined)
  t.equal(await findUser(store, issuer, user.id), undefined)
  t.match(await findUser(store, issuer, other.id), { subject: 'other' })
  await deleteUser(store, issuer, other.id)
  t.equal((await recordVisit(store, ada, now)).user.id, 3)
})

onEachStore(t, 'a user deleted while being created is a 503 error', async (t, store, url) => {
  if (!url.startsWith('file:')) return // the test needs a trigger of SQLite
  await sql`create trigger gone before insert on users begin select raise(ignore); end`.execute(store)
  await t.rejects(recordVisit(store, ada, now), { code: 'store_unavailable' })
  await t.rejects(registerUser(store, ada, profile, now), { code: 'store_unavailable' })
})
