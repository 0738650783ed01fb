import { setTimeout as delay } from 'node:timers/promises'
import { generateSigningKey } from '../../dev/tenant/signing-key.ts'
import type { PostgresServer } from '../../test/helpers/postgres-server.ts'
import type { Issuer } from './issuer.ts'
import { kinds } from './kinds.ts'
import type { Load } from './load.ts'
import type { PhaseResult } from './phase.ts'
import type { Replica } from './replica.ts'

/** The parts of the system that faults can affect. */
export interface Stage {
  load: Load
  issuer: Issuer
  replicas: readonly [Replica, Replica]
  database: PostgresServer
  /** Ends the wait when the run is interrupted. */
  signal: AbortSignal
}

export interface Fault {
  name: string
  /** Goal of the phase, besides that no acknowledged write is lost. */
  goal: string
  isMet(result: PhaseResult): boolean
  /** Additional result for the table. */
  note?(result: PhaseResult): string
  /** The replicas are replaced, so their memory is not comparable. */
  restartsReplicas?: true
  happen(stage: Stage): Promise<void>
}

/** Seconds that the phase continues after the fault. */
const AFTERWARDS = 10
const REVOKED_WITHIN_MS = 5_000
/** Seconds for which a key set is fresh (docs/architecture.md). */
const FRESH = 600

const nothingFails = {
  goal: 'nothing fails',
  isMet: ({ failures }: PhaseResult) => Object.keys(failures).length === 0,
}
/** While the database is down, only requests that need it may fail. */
const onlyTheDatabaseFails = {
  goal: 'only requests that need the database fail, with 503',
  isMet: ({ failures }: PhaseResult) =>
    Object.entries(failures).every(
      ([kind, statuses]) =>
        kinds[kind]?.needsDatabase && Object.keys(statuses).every((status) => status === '503'),
    ),
}
const nothingIsLost = { goal: 'nothing acknowledged is lost', isMet: () => true }

export const faults: readonly Fault[] = [
  { name: 'calm', ...nothingFails, happen: ({ signal }) => seconds(30, signal) },
  {
    name: 'issuer killed for a minute, with invented keys',
    ...nothingFails,
    happen: async ({ load, issuer, signal }) => {
      await load.tell({ name: 'inventKeys', isOn: true })
      await issuer.kill()
      await seconds(60, signal)
      await issuer.start()
      await seconds(AFTERWARDS, signal)
    },
  },
  {
    name: 'issuer hangs for a minute, with invented keys',
    ...nothingFails,
    happen: async ({ load, issuer, signal }) => {
      issuer.hang()
      await seconds(60, signal)
      issuer.resume()
      await load.tell({ name: 'inventKeys', isOn: false })
      await seconds(AFTERWARDS, signal)
    },
  },
  {
    name: 'PostgreSQL restarted, down for 5 s',
    ...onlyTheDatabaseFails,
    happen: async ({ database, signal }) => {
      await seconds(3, signal)
      await database.restart(5_000)
      await seconds(AFTERWARDS, signal)
    },
  },
  {
    name: 'a replica killed (`kill -9`), down for 10 s',
    restartsReplicas: true,
    ...nothingIsLost,
    happen: async ({ replicas: [, replica], signal }) => {
      await seconds(3, signal)
      await replica.end('SIGKILL')
      await seconds(10, signal)
      await replica.start()
      await seconds(AFTERWARDS, signal)
    },
  },
  {
    name: 'a replica hangs for 15 s, including `/readyz`',
    ...nothingIsLost,
    happen: async ({ replicas: [, replica], signal }) => {
      await seconds(3, signal)
      replica.hang()
      await seconds(15, signal)
      replica.resume()
      await seconds(AFTERWARDS, signal)
    },
  },
  {
    name: 'rolling restart of all replicas by SIGTERM, twice',
    restartsReplicas: true,
    ...nothingFails,
    happen: async ({ replicas, signal }) => {
      for (const replica of [...replicas, ...replicas]) {
        await replica.end('SIGTERM')
        await replica.start()
        await seconds(4, signal) // until the balancer has added it again
      }
    },
  },
  {
    name: 'key rotated, new key used at once',
    ...nothingFails,
    happen: async (stage) => {
      await seconds(3, stage.signal)
      await rotate(stage)
      await seconds(20 + AFTERWARDS, stage.signal)
    },
  },
  {
    name: 'key withdrawn, successor used at once',
    ...revokedWithin(REVOKED_WITHIN_MS),
    happen: async (stage) => {
      const { load, issuer, signal } = stage
      await rotate(stage) // so that some callers have tokens of a key that stays
      await seconds(3, signal)
      const key = await generateSigningKey()
      const oldest = issuer.keys.at(-1)
      await issuer.publish([key, ...issuer.keys.slice(0, -1)])
      await load.tell({ name: 'withdrawKey', kid: String(oldest?.kid) })
      await load.tell({ name: 'useKey', key })
      await seconds(20 + AFTERWARDS, signal)
    },
  },
  {
    name: 'key rotated, with invented keys, published 40 s before its use',
    ...nothingFails,
    happen: async ({ load, issuer, signal }) => {
      await load.tell({ name: 'inventKeys', isOn: true })
      await seconds(3, signal)
      const key = await generateSigningKey()
      await issuer.publish([key, ...issuer.keys])
      await seconds(40, signal)
      await load.tell({ name: 'useKey', key })
      await seconds(AFTERWARDS, signal)
      await load.tell({ name: 'inventKeys', isOn: false })
    },
  },
]

/** Takes longer than all other faults together: the service notices only when its keys are renewed. */
export const silentWithdrawal: Fault = {
  name: 'key withdrawn without a successor',
  ...revokedWithin((FRESH + 5) * 1000),
  happen: async (stage) => {
    const { load, issuer, signal } = stage
    await rotate(stage)
    await seconds(5, signal)
    const [newest, ...old] = issuer.keys
    await issuer.publish(newest ? [newest] : [])
    for (const { kid } of old) await load.tell({ name: 'withdrawKey', kid: String(kid) })
    await seconds(FRESH + 15, signal)
  },
}

async function rotate({ load, issuer }: Stage): Promise<void> {
  const key = await generateSigningKey()
  await issuer.publish([key, ...issuer.keys])
  await load.tell({ name: 'useKey', key })
}

function revokedWithin(ms: number): Pick<Fault, 'goal' | 'isMet' | 'note'> {
  return {
    goal: `its tokens are rejected within ${ms / 1000} s, nothing else fails`,
    isMet: (result) => nothingFails.isMet(result) && result.withdrawnAcceptedMs <= ms,
    note: ({ withdrawnAcceptedMs }) => `last accepted after ${(withdrawnAcceptedMs / 1000).toFixed(1)} s`,
  }
}

async function seconds(count: number, signal: AbortSignal): Promise<void> {
  await delay(count * 1000, undefined, { signal })
}
