import t from 'tap'
import type { VerifiedToken } from '../../../src/plugins/auth/index.ts'
import { RevocationList } from '../../../src/plugins/revocation/list.ts'
import {
  hashRevoked,
  type RevocationEntry,
  type RevocationKind,
} from '../../../src/plugins/store/tables/revocation.ts'

const issuer = 'https://issuer.test/'
const ALL = Number.POSITIVE_INFINITY
let lastId = 0

function token(claims: object = {}, changes: object = {}): VerifiedToken {
  const parsed = { issuer, subject: 'ada', clientId: 'app', sid: 's', ...changes }
  return { ...parsed, claims: { iat: 100, jti: 'j', ...claims } } as unknown as VerifiedToken
}

function entry(kind: RevocationKind, value: string, changes: Partial<RevocationEntry> = {}): RevocationEntry {
  const before = kind === 'jti' || kind === 'sid' ? ALL : 101
  return { id: ++lastId, kind, valueHash: hashRevoked(issuer, kind, value), before, until: 1_000, ...changes }
}

function listOf(...entries: RevocationEntry[]): RevocationList {
  const list = new RevocationList()
  list.apply(entries)
  return list
}

t.test('a token is revoked by its id, session, subject or client', async (t) => {
  for (const [kind, value] of [
    ['jti', 'j'],
    ['sid', 's'],
    ['sub', 'ada'],
    ['client', 'app'],
  ] as const) {
    const list = listOf(entry(kind, value))
    t.equal(list.includes(token()), true, kind)
    const others = { subject: 'bob', clientId: null, sid: null }
    t.equal(list.includes(token({ jti: 'k' }, others)), false, `another ${kind}`)
    t.equal(list.includes(token({}, { issuer: 'https://other.test/' })), false, 'another issuer')
    t.equal(list.includes(token({ jti: 7 }, { ...others, sid: 't' })), false)
  }
  t.equal(listOf().includes(token()), false)
})

t.test('a cutoff revokes tokens that were issued before it, or at an unknown time', async (t) => {
  const list = listOf(entry('sub', 'ada'), entry('client', 'other'))
  t.equal(list.includes(token({ iat: 100.9 })), true)
  t.equal(list.includes(token({ iat: 101 })), false)
  t.equal(list.includes(token({ iat: undefined })), true)
})

t.test('an accepted token is revoked later, and a revoked one is accepted after a removal', async (t) => {
  const list = listOf(entry('sid', 'other'))
  const known = token()
  t.equal(list.includes(known), false)
  t.equal(list.includes(known), false)
  const added = entry('sid', 's')
  list.apply([added])
  t.equal(list.includes(known), true)
  list.apply([{ ...added, id: ++lastId, kind: 'removed' }])
  t.equal(list.includes(known), false)
  list.apply([added, { ...added, id: lastId, kind: 'removed' }]) // read again
  t.equal(list.includes(known), false)
  const again = entry('sid', 's')
  list.apply([again, { ...added, id: again.id - 1, kind: 'removed' }])
  t.equal(list.includes(known), true, 'an older removal has no effect')
  t.equal(list.lastId, again.id)
})

t.test('of several cutoffs the latest counts, whatever the order', async (t) => {
  for (const [first, second] of [
    [101, 51],
    [51, 101],
  ]) {
    const list = listOf(entry('sub', 'ada', { before: first as number }))
    t.equal(list.includes(token({ iat: 200 })), false)
    list.apply([entry('sub', 'ada', { before: second as number })])
    t.equal(list.includes(token({ iat: 100 })), true)
    t.equal(list.size, 1)
  }
})

t.test('entries are dropped when their tokens have expired', async (t) => {
  const list = listOf(entry('sid', 's', { until: 1_000 }), entry('sub', 'bob', { until: 1_001 }))
  t.equal(list.size, 2)
  list.prune(1_000)
  t.equal(list.size, 1)
  t.equal(list.includes(token()), false)
})
