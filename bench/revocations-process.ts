import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import auth from '../src/plugins/auth/index.ts'
import { RevocationList } from '../src/plugins/revocation/list.ts'
import { hashRevoked } from '../src/plugins/store/tables/revocation.ts'
import type { RevocationFigures } from './revocations.ts'

/** Verifies a known token with an empty and a full list of revocations, in turn. Requires --expose-gc. */
const { ISSUER = '', AUDIENCE = '', TOKEN = '' } = process.env
const [ROUNDS, CALLS, REVOCATIONS] = [15, 100_000, 100_000]
const app = Fastify()
await app.register(auth, { issuers: [ISSUER], audiences: [AUDIENCE] })
await app.ready()
await app.verifier.verify(TOKEN, Date.now())

const before = await heapMB()
const list = new RevocationList()
const startedAt = performance.now()
for (let id = 1; id <= REVOCATIONS; id++) {
  const kind = (['jti', 'sid', 'sub', 'client'] as const)[id % 4] as 'jti'
  const valueHash = hashRevoked(ISSUER, kind, `value ${id}`)
  list.apply([{ id, kind, valueHash, before: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY }])
}
const fillMs = performance.now() - startedAt
const listMB = (await heapMB()) - before

const includes = list.includes.bind(list)
const figures: RevocationFigures = { listMB, fillMs, emptyNs: [], fullNs: [], firstUs: [] }
for (let round = -1; round < ROUNDS; round++) {
  app.verifier.isRevoked = undefined
  const empty = measure(CALLS) * 1e6
  app.verifier.isRevoked = includes
  list.apply([added(round)])
  const first = measure(1) * 1e3
  const full = measure(CALLS) * 1e6
  if (round === -1) continue // warms up
  figures.emptyNs.push(empty)
  figures.firstUs.push(first)
  figures.fullNs.push(full)
}
process.stdout.write(JSON.stringify(figures))
await app.close()

/** Returns milliseconds for each call. */
function measure(calls: number): number {
  const now = Date.now()
  const startedAt = performance.now()
  for (let call = 0; call < calls; call++) app.verifier.verify(TOKEN, now)
  return (performance.now() - startedAt) / calls
}

function added(round: number) {
  const id = REVOCATIONS + 2 + round
  const valueHash = hashRevoked(ISSUER, 'sid', `added ${round}`)
  return { id, kind: 'sid', valueHash, before: 1, until: Number.POSITIVE_INFINITY } as const
}

async function heapMB(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await delay(100)
  }
  return process.memoryUsage().heapUsed / 1e6
}
