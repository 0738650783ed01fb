import t from 'tap'
import type { Store } from '../../../src/plugins/store/schema.ts'
import type { Identity, User } from '../../../src/plugins/store/tables/user.ts'
import {
  deleteUser,
  findUser,
  listUsers,
  saveProfile,
  VISIT_INTERVAL_MS,
} from '../../../src/plugins/store/tables/users.ts'
import { PROFILE_RETRY_MS, UserCache } from '../../../src/plugins/users/user-cache.ts'
import { onEachStore } from '../../helpers/database.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }
const profile = { email: 'ada@example.com', emailVerified: true, name: 'Ada', picture: null }
const start = Date.UTC(2026, 10, 21, 12)

const count = async (store: Store) =>
  (await listUsers(store, ada.issuer, { cursor: 0, limit: 1000 })).items.length

onEachStore(t, 'a user who called in the last minute costs no query', async (t, store) => {
  const users = new UserCache(store)
  const user = await users.load(ada, undefined, start)
  t.equal(users.load(ada, undefined, start + VISIT_INTERVAL_MS - 1), user)
  t.match(await findUser(store, ada.issuer, user.id), { lastSeenAt: '2026-11-21T12:00:00.000Z' })

  const later = users.load(ada, undefined, start + VISIT_INTERVAL_MS)
  t.type(later, Promise)
  t.match(await later, { id: user.id, lastSeenAt: '2026-11-21T12:01:00.000Z' })
  t.match(await findUser(store, ada.issuer, user.id), { lastSeenAt: '2026-11-21T12:01:00.000Z' })

  const afterSetBack = users.load(ada, undefined, start)
  t.type(afterSetBack, Promise, 'a clock that was set back ends the interval')
  await afterSetBack
})

onEachStore(
  t,
  '50 concurrent loads of one new user create one user and ask the issuer once',
  async (t, store) => {
    const users = new UserCache(store)
    let asked = 0
    const lookUp = async () => {
      asked++
      return profile
    }
    const loaded = await Promise.all(Array.from({ length: 50 }, () => users.load(ada, lookUp, start)))
    for (const user of loaded) t.match(user, { ...ada, ...profile })
    t.equal(await count(store), 1)
    t.match(await users.load(ada, lookUp, start + VISIT_INTERVAL_MS), profile)
    t.match(await new UserCache(store).load(ada, lookUp, start + VISIT_INTERVAL_MS), profile)
    t.equal(asked, 1)
  },
)

onEachStore(t, 'two processes that load the same new user create one user', async (t, store) => {
  const processes = [new UserCache(store), new UserCache(store)]
  const loaded = await Promise.all(processes.map((users) => users.load(ada, async () => profile, start)))
  t.equal(loaded[0]?.id, loaded[1]?.id)
  t.equal(await count(store), 1)
})

onEachStore(t, 'two caches on one store record one visit a minute', async (t, store) => {
  const [here, there] = [new UserCache(store), new UserCache(store)]
  const loadAt = async (ms: number) => {
    for (const cache of [here, there])
      t.match(await cache.load(ada, undefined, start + ms), { id: 1, ...ada })
    return (await findUser(store, ada.issuer, 1))?.lastSeenAt
  }
  await here.load(ada, undefined, start)
  t.equal(await loadAt(20_000), '2026-11-21T12:00:00.000Z')
  t.equal(await loadAt(VISIT_INTERVAL_MS - 1), '2026-11-21T12:00:00.000Z')
  await there.load(ada, undefined, start + VISIT_INTERVAL_MS)
  t.equal(await loadAt(VISIT_INTERVAL_MS + 1), '2026-11-21T12:01:00.000Z')
  t.equal(await loadAt(2 * VISIT_INTERVAL_MS), '2026-11-21T12:02:00.000Z')
})

onEachStore(
  t,
  'a user cached after the visit of another process is loaded again in time',
  async (t, store) => {
    const [here, there] = [new UserCache(store), new UserCache(store)]
    await here.load(ada, undefined, start)
    await there.load(ada, undefined, start + VISIT_INTERVAL_MS - 1)
    t.match(await there.load(ada, undefined, start + VISIT_INTERVAL_MS), {
      lastSeenAt: '2026-11-21T12:01:00.000Z',
    })
  },
)

onEachStore(t, 'a user with a visit in the future is cached by the local clock', async (t, store) => {
  const [here, there] = [new UserCache(store), new UserCache(store)]
  await here.load(ada, undefined, start + 5_000) // a process whose clock is ahead
  const user = await there.load(ada, undefined, start)
  t.equal(there.load(ada, undefined, start + 1), user)
})

onEachStore(t, 'an issuer without an answer is asked again five minutes later', async (t, store) => {
  const users = new UserCache(store)
  let answer: typeof profile | undefined
  let asked = 0
  const lookUp = async () => {
    asked++
    return answer
  }
  const load = async (ms: number) => users.load(ada, lookUp, start + ms)
  t.match(await load(0), { email: null, name: null })
  answer = profile
  t.match(await load(1), { email: null })
  t.match(await load(VISIT_INTERVAL_MS), { email: null })
  t.match(await load(PROFILE_RETRY_MS - 1), { email: null })
  t.equal(asked, 1)
  t.match(await load(PROFILE_RETRY_MS), profile)
  t.match(await load(2 * PROFILE_RETRY_MS), profile)
  t.equal(asked, 2)
})

onEachStore(t, 'a token with access to the profile completes a user created without it', async (t, store) => {
  const users = new UserCache(store)
  t.match(await users.load(ada, undefined, start), { email: null })
  t.match(await users.load(ada, async () => profile, start + 1), profile)
})

onEachStore(t, 'a profile saved by another process in the meantime is not changed', async (t, store) => {
  const users = new UserCache(store)
  let asked = 0
  const lookUp = async () => {
    asked++
    await saveProfile(store, ada, profile, start)
    return { ...profile, name: 'Eve' }
  }
  await users.load(ada, lookUp, start)
  t.match(await users.load(ada, lookUp, start + VISIT_INTERVAL_MS), profile)
  t.equal(asked, 1)
})

onEachStore(t, 'an error is not cached', async (t, store) => {
  const users = new UserCache(store)
  const broken = async (): Promise<never> => {
    throw new Error('the store has failed')
  }
  await t.rejects(Promise.resolve(users.load(ada, broken, start)), /failed/)
  t.match(await users.load(ada, async () => profile, start), profile)
})

onEachStore(t, 'a deleted user is not cached, and gets a new id at the next call', async (t, store) => {
  const users = new UserCache(store)
  const first = await users.load(ada, undefined, start)
  await remove(store, users, first.id)
  const second = await users.load(ada, undefined, start + 1)
  t.not(second.id, first.id)
  t.match(await findUser(store, ada.issuer, second.id), ada)
})

onEachStore(t, 'a load that a deletion overtakes leaves nothing in the cache', async (t, store) => {
  const users = new UserCache(store)
  const first = await users.load(
    ada,
    async () => {
      const { items } = await listUsers(store, ada.issuer, { cursor: 0, limit: 1 })
      await remove(store, users, (items[0] as User).id)
      return profile
    },
    start,
  )
  const second = await users.load(ada, undefined, start)
  t.not(second.id, first.id)
  t.match(await findUser(store, ada.issuer, second.id), ada)
})

onEachStore(t, 'a user deleted during a load is not cached either', async (t, store) => {
  const users = new UserCache(store)
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { promise: asked, resolve: asking } = Promise.withResolvers<void>()
  const loading = users.load(
    ada,
    async () => {
      asking()
      await held
      return profile
    },
    start,
  )
  await asked
  const { items } = await listUsers(store, ada.issuer, { cursor: 0, limit: 1 })
  await remove(store, users, (items[0] as User).id)
  const again = await users.load(ada, undefined, start)
  release()
  t.match(await loading, { id: again.id, ...profile }, 'the pending load returns the new user')
  t.not(again.id, items[0]?.id)
  t.equal((await users.load(ada, undefined, start)).id, again.id)
})

onEachStore(t, 'a deletion by another process is noticed at the next recorded visit', async (t, store) => {
  const here = new UserCache(store)
  const there = new UserCache(store)
  const first = await here.load(ada, undefined, start)
  await remove(store, there, first.id)
  t.equal((await here.load(ada, undefined, start + 1)).id, first.id)
  t.not((await here.load(ada, undefined, start + VISIT_INTERVAL_MS)).id, first.id)
})

onEachStore(
  t,
  'the number of cached users is bounded, and the least recently used is evicted',
  async (t, store) => {
    const users = new UserCache(store, 2)
    const load = (name: string) => users.load({ ...ada, subject: name }, undefined, start)
    for (const name of ['first', 'second', 'first', 'third']) await load(name)
    const isCached = (name: string) => !(load(name) instanceof Promise)
    t.strictSame(['first', 'third', 'second'].map(isCached), [true, true, false])
    await load('second')
  },
)

/** Deletes a user, as the API does. */
async function remove(store: Store, users: UserCache, id: number): Promise<void> {
  users.forget((await deleteUser(store, ada.issuer, id)) as Identity)
}
