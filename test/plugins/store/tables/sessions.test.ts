import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import {
  createSession,
  deleteSession,
  findSession,
  leaseSession,
  prolongSession,
  releaseSession,
  replaceContents,
} from '../../../../src/plugins/store/tables/sessions.ts'
import { deleteUser, registerUser } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const now = Date.parse('2026-11-22T10:00:00Z')
const profile = { email: null, emailVerified: null, name: null, picture: null }

async function begin(store: Store) {
  const { user } = await registerUser(store, { issuer: 'i', subject: 's' }, profile, now)
  const session = { idHash: 'hash', contents: 'sealed', createdAt: now, expiresAt: now + 1000 }
  const record = { ...session, user: user.id, sid: null }
  await createSession(store, record)
  return { ...record, revision: 0, leasedUntil: undefined }
}

onEachStore(t, 'a session is found until it expires or is deleted', async (t, store) => {
  const session = await begin(store)
  t.strictSame(await findSession(store, 'hash', now), session)
  t.equal(await findSession(store, 'another', now), undefined)
  t.equal(await findSession(store, 'hash', now + 1000), undefined)
  await prolongSession(store, 'hash', now + 2000)
  t.match(await findSession(store, 'hash', now + 1999), { expiresAt: now + 2000 })
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
