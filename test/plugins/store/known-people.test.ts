import t from 'tap'
import { KnownPeople, PROFILE_RETRY_MS, VISIT_MS } from '../../../src/plugins/store/known-people.ts'
import { findPerson, listPeople, saveProfile } from '../../../src/plugins/store/people.ts'
import type { Person } from '../../../src/plugins/store/person.ts'
import type { Store } from '../../../src/plugins/store/schema.ts'
import { onEachStore } from '../../helpers/database.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }
const profile = { email: 'ada@example.com', emailVerified: true, name: 'Ada', picture: null }
const start = Date.UTC(2026, 10, 21, 12)

const count = async (store: Store) => (await listPeople(store, { cursor: 0, limit: 1000 })).items.length

onEachStore(t, 'who was here in the last minute costs no query', async (t, store) => {
  const people = new KnownPeople(store)
  const person = await people.load(ada, undefined, start)
  t.equal(people.load(ada, undefined, start + VISIT_MS - 1), person)
  t.match(await findPerson(store, person.id), { lastSeenAt: '2026-11-21T12:00:00.000Z' })

  const later = people.load(ada, undefined, start + VISIT_MS)
  t.type(later, Promise)
  t.match(await later, { id: person.id, lastSeenAt: '2026-11-21T12:01:00.000Z' })
  t.match(await findPerson(store, person.id), { lastSeenAt: '2026-11-21T12:01:00.000Z' })
  t.type(people.load(ada, undefined, start), Promise, 'a clock that was set back ends the minute')
})

onEachStore(t, '50 who load one new person at once share it; the issuer is asked once', async (t, store) => {
  const people = new KnownPeople(store)
  let asked = 0
  const lookUp = async () => {
    asked++
    return profile
  }
  const loaded = await Promise.all(Array.from({ length: 50 }, () => people.load(ada, lookUp, start)))
  for (const person of loaded) t.match(person, { ...ada, ...profile })
  t.equal(await count(store), 1)
  t.match(await people.load(ada, lookUp, start + VISIT_MS), profile)
  t.match(await new KnownPeople(store).load(ada, lookUp, start + VISIT_MS), profile)
  t.equal(asked, 1)
})

onEachStore(t, 'two processes that load the same new person make one', async (t, store) => {
  const processes = [new KnownPeople(store), new KnownPeople(store)]
  const loaded = await Promise.all(processes.map((people) => people.load(ada, async () => profile, start)))
  t.equal(loaded[0]?.id, loaded[1]?.id)
  t.equal(await count(store), 1)
})

onEachStore(t, 'an issuer without an answer is asked again some minutes later', async (t, store) => {
  const people = new KnownPeople(store)
  let answer: typeof profile | undefined
  let asked = 0
  const lookUp = async () => {
    asked++
    return answer
  }
  const load = async (ms: number) => people.load(ada, lookUp, start + ms)
  t.match(await load(0), { email: null, name: null })
  answer = profile
  t.match(await load(1), { email: null })
  t.match(await load(VISIT_MS), { email: null })
  t.match(await load(PROFILE_RETRY_MS - 1), { email: null })
  t.equal(asked, 1)
  t.match(await load(PROFILE_RETRY_MS), profile)
  t.match(await load(2 * PROFILE_RETRY_MS), profile)
  t.equal(asked, 2)
})

onEachStore(t, 'a token that may ask completes who came with one that may not', async (t, store) => {
  const people = new KnownPeople(store)
  t.match(await people.load(ada, undefined, start), { email: null })
  t.match(await people.load(ada, async () => profile, start + 1), profile)
})

onEachStore(t, 'a profile that another has written down meanwhile is left alone', async (t, store) => {
  const people = new KnownPeople(store)
  let asked = 0
  const lookUp = async () => {
    asked++
    await saveProfile(store, ada, profile, start)
    return { ...profile, name: 'Eve' }
  }
  await people.load(ada, lookUp, start)
  t.match(await people.load(ada, lookUp, start + VISIT_MS), profile)
  t.equal(asked, 1)
})

onEachStore(t, 'an outage is not remembered', async (t, store) => {
  const people = new KnownPeople(store)
  const broken = async (): Promise<never> => {
    throw new Error('the store has failed')
  }
  await t.rejects(Promise.resolve(people.load(ada, broken, start)), /failed/)
  t.match(await people.load(ada, async () => profile, start), profile)
})

onEachStore(t, 'who is deleted does not live on, and is somebody new when they call', async (t, store) => {
  const people = new KnownPeople(store)
  const first = await people.load(ada, undefined, start)
  t.equal(await people.delete(first.id), true)
  t.equal(await people.delete(first.id), false)
  const second = await people.load(ada, undefined, start + 1)
  t.not(second.id, first.id)
  t.match(await findPerson(store, second.id), ada)
})

onEachStore(t, 'who is deleted while they are loaded does not live on either', async (t, store) => {
  const people = new KnownPeople(store)
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { promise: asked, resolve: asking } = Promise.withResolvers<void>()
  const loading = people.load(
    ada,
    async () => {
      asking()
      await held
      return profile
    },
    start,
  )
  await asked
  const { items } = await listPeople(store, { cursor: 0, limit: 1 })
  await people.delete((items[0] as Person).id)
  const again = await people.load(ada, undefined, start)
  release()
  t.match(await loading, { id: again.id, ...profile }, 'the answer is for whoever they are now')
  t.not(again.id, items[0]?.id)
  t.equal((await people.load(ada, undefined, start)).id, again.id)
})

onEachStore(t, 'people of another replica’s deletion are noticed with the next visit', async (t, store) => {
  const here = new KnownPeople(store)
  const there = new KnownPeople(store)
  const first = await here.load(ada, undefined, start)
  await there.delete(first.id)
  t.equal((await here.load(ada, undefined, start + 1)).id, first.id)
  t.not((await here.load(ada, undefined, start + VISIT_MS)).id, first.id)
})
