import t from 'tap'
import type { Store } from '../../../../src/plugins/store/schema.ts'
import { hashRevoked, type NewRevocation } from '../../../../src/plugins/store/tables/revocation.ts'
import {
  cutoffAt,
  deleteExpiredRevocations,
  listRevocations,
  readRevocations,
  removeRevocation,
  revokeTokens,
  signOutEverywhere,
} from '../../../../src/plugins/store/tables/revocations.ts'
import { onEachStore } from '../../../helpers/database.ts'

const issuer = 'https://issuer.test/'
const NOW = Date.parse('2026-11-26T10:00:00.500Z')
const HOUR = 3_600_000

function revoke(store: Store, changes: Partial<NewRevocation> = {}) {
  const tokens = { issuer, kind: 'sid', value: 's', before: undefined, until: NOW + HOUR, reason: undefined }
  return revokeTokens(store, { ...tokens, ...changes } as NewRevocation, NOW)
}

onEachStore(
  t,
  'revocations are read in the order of their ids, without the revoked values',
  async (t, store) => {
    const first = await revoke(store, { kind: 'sub', value: 'ada', before: 1_700_000_000, reason: 'theft' })
    t.strictSame(first, {
      id: 1,
      issuer,
      kind: 'sub',
      before: '2023-11-14T22:13:20.000Z',
      until: '2026-11-26T11:00:00.500Z',
      reason: 'theft',
      createdAt: '2026-11-26T10:00:00.500Z',
    })
    await revoke(store)
    await revoke(store, { until: NOW })
    const [sub, sid] = [hashRevoked(issuer, 'sub', 'ada'), hashRevoked(issuer, 'sid', 's')]
    const until = NOW + HOUR
    const entries = [
      { id: 1, kind: 'sub', valueHash: sub, before: 1_700_000_000, until },
      { id: 2, kind: 'sid', valueHash: sid, before: Number.POSITIVE_INFINITY, until },
    ]
    t.strictSame(await readRevocations(store, 0, 10, NOW), entries, 'an expired one is not read')
    t.strictSame(await readRevocations(store, 0, 1, NOW), entries.slice(0, 1))
    t.strictSame(await readRevocations(store, 1, 10, NOW), entries.slice(1))
  },
)

onEachStore(t, 'the cutoff of a user includes tokens of the current second', async (t, store) => {
  t.equal(cutoffAt(NOW), NOW / 1000 + 0.5)
  await signOutEverywhere(store, { issuer, subject: 'ada' }, 'lost phone', HOUR, NOW)
  t.match(await readRevocations(store, 0, 10, NOW), [
    { kind: 'sub', valueHash: hashRevoked(issuer, 'sub', 'ada'), before: cutoffAt(NOW), until: NOW + HOUR },
  ])
})

onEachStore(t, 'an issuer lists its own revocations, in pages, and removes them', async (t, store) => {
  for (const value of ['a', 'b', 'c']) await revoke(store, { value })
  await revoke(store, { issuer: 'https://other.test/', value: 'd' })
  const page = async (cursor: number, limit = 2) => {
    const { items, next } = await listRevocations(store, issuer, { cursor, limit }, NOW)
    return [items.map(({ id }) => id), next]
  }
  t.strictSame(
    [await page(0), await page(2)],
    [
      [[1, 2], 2],
      [[3], undefined],
    ],
  )

  await revoke(store, { value: 'a' }) // id 5
  t.equal(await removeRevocation(store, issuer, 1, NOW), true)
  t.equal(await removeRevocation(store, issuer, 1, NOW), false)
  t.equal(await removeRevocation(store, issuer, 4, NOW), false, 'a revocation of another issuer')
  t.strictSame(await page(0, 9), [[2, 3], undefined], 'others of the same value are removed with it')
  const entries = await readRevocations(store, 4, 10, NOW)
  t.match(entries, [{ id: 6, kind: 'removed', valueHash: hashRevoked(issuer, 'sid', 'a') }])
  t.equal(await removeRevocation(store, issuer, 6, NOW), false)
})

onEachStore(t, 'expired revocations are deleted in parts', async (t, store) => {
  for (let count = 0; count < 3; count++) await revoke(store, { until: NOW - 1 })
  await revoke(store)
  t.equal(await deleteExpiredRevocations(store, NOW, 2), true)
  t.equal(await deleteExpiredRevocations(store, NOW, 2), false)
  t.equal((await readRevocations(store, 0, 10, 0)).length, 1)
})
