import t from 'tap'
import { MAX_MATCHES, searchUsers } from '../../../../src/plugins/store/tables/user-search.ts'
import { registerUser } from '../../../../src/plugins/store/tables/users.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const page = { cursor: 0, limit: 50 }

onEachStore(t, 'a search finds users by the start of email address or name', async (t, store) => {
  const people: [subject: string, email: string, name: string | null][] = [
    ['ada', 'Ada@example.com', 'Countess'],
    ['adam', 'adam@example.com', 'adam'],
    ['bob', 'bob@example.com', 'ADA’s friend'],
    ['zoe', 'zoe@example.com', 'Zoë 100%_x'],
    ['long', 'l@example.com', `Long ${'\u{1f600}'.repeat(900)}`],
    ['none', 'o@example.com', null],
  ]
  for (const [subject, email, name] of people)
    await registerUser(store, { issuer, subject }, { email, emailVerified: true, name, picture: null }, 0)
  const other = { issuer: 'https://other.test/', subject: 'ada' }
  await registerUser(
    store,
    other,
    { email: 'ada@x.test', emailVerified: true, name: 'Ada', picture: null },
    0,
  )
  const find = async (text: string) =>
    (await searchUsers(store, issuer, text, page)).items.map(({ subject }) => subject)

  t.strictSame(await find('ada'), ['ada', 'adam', 'bob'], 'of this issuer only, whatever the case')
  t.strictSame(await find('ADA@EXAMPLE.COM'), ['ada'])
  t.strictSame(await find('adam'), ['adam'], 'once, although both match')
  t.strictSame(await find('zoë 100%_'), ['zoe'], 'other letters and wildcards are literal')
  t.strictSame(await find('%'), [])
  t.strictSame(await find('da'), [], 'the start only')
  t.strictSame(await find(`long ${'\u{1f600}'.repeat(200)}`), ['long'], 'the first 100 characters count')
  t.strictSame(await find("' or 1=1 --"), [])

  const first = await searchUsers(store, issuer, 'ada', { cursor: 0, limit: 2 })
  t.match([first.items.length, first.next], [2, 2])
  const second = await searchUsers(store, issuer, 'ada', { cursor: 2, limit: 2 })
  t.match([second.items, second.next], [[{ subject: 'bob' }], undefined])
})

onEachStore(t, 'a search considers a limited number of matches', async (t, store) => {
  const rows = Array.from({ length: MAX_MATCHES + 1 }, (_, index) => ({
    issuer,
    subject: String(index),
    email: `user-${String(9_999 - index)}`,
    created_at: '',
  }))
  for (let start = 0; start < rows.length; start += 500)
    await store
      .insertInto('users')
      .values(rows.slice(start, start + 500))
      .execute()
  const { items } = await searchUsers(store, issuer, 'user', { cursor: 0, limit: 2_000 })
  t.equal(items.length, MAX_MATCHES)
  t.notOk(
    items.some(({ subject }) => subject === '0'),
    'the last in alphabetical order is left out',
  )
})
