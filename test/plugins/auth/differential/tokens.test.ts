import { randomInt } from 'node:crypto'
import t from 'tap'
import { tableRows } from '../../../helpers/markdown.ts'
import { type Mutation, token } from './base.ts'
import { claimMutations } from './claims.ts'
import { differences } from './differences.ts'
import { encodingMutations } from './encodings.ts'
import { headerMutations } from './headers.ts'
import { algorithms, startOracles } from './oracles.ts'
import { Random } from './random.ts'
import { randomMutations } from './random-changes.ts'
import { signatureMutations } from './signatures.ts'

const RANDOM_ROUNDS = 8
/** One in so many tokens is also sent over real HTTP. */
const SAMPLE_INTERVAL = 12

const families: Record<string, readonly Mutation[]> = {
  headers: headerMutations,
  claims: claimMutations,
  encodings: encodingMutations,
  signatures: signatureMutations,
  'random changes': Array.from({ length: RANDOM_ROUNDS }, () => randomMutations).flat(),
}

t.test('differential tests', async (t) => {
  const seed = Number(process.env.DIFFERENTIAL_SEED ?? randomInt(2 ** 32))
  t.comment(`DIFFERENTIAL_SEED=${seed}`)
  const oracles = await startOracles(t, new Random(seed))
  const occurred = new Set<string>()
  const sample: { name: string; changed: string; isAccepted: boolean }[] = []
  let count = 0

  /** Lists the faults in the verdicts on a changed token and on the valid one. */
  const findFaults = async ({ name, make }: Mutation, algorithm: string) => {
    const base = oracles.makeBase(algorithm)
    const [changed, valid] = [make(base), token(base)]
    const ours = await oracles.ask(changed)
    const theirs = await oracles.askJose(changed)
    const isValidAccepted =
      (await oracles.ask(valid)).isAccepted && (await oracles.askJose(valid)) !== undefined
    if (count++ % SAMPLE_INTERVAL === 0) sample.push({ name, changed, isAccepted: ours.isAccepted })

    const isDifferent = !ours.isAccepted && theirs !== undefined
    const reasons = isDifferent ? oracles.explain(changed, ours, theirs) : []
    for (const reason of reasons) occurred.add(reason)
    const faults = {
      'the valid token is rejected': !isValidAccepted,
      'neither accepted nor 401': !ours.isAccepted && ours.status !== 401,
      'accepted, and rejected by jose': ours.isAccepted && !theirs,
      'rejected, accepted by jose, and not explained': isDifferent && reasons.length === 0,
    }
    return Object.entries(faults)
      .filter(([, isSo]) => isSo)
      .map(([fault]) => ({ fault, name, algorithm, seed, ours, changed, valid }))
  }

  for (const [family, mutations] of Object.entries(families)) {
    await t.test(`${family}: no 5xx, and Gatehouse accepts only what jose accepts`, async (t) => {
      const before = count
      const faults = []
      for (const mutation of mutations) {
        for (const algorithm of mutation.algorithms ?? algorithms)
          faults.push(...(await findFaults(mutation, algorithm)))
      }
      t.comment(`${count - before} tokens`)
      t.strictSame(faults, [])
    })
  }

  await t.test('of more than 5,000 tokens none causes a request for a planted key', async (t) => {
    t.ok(count > 5000, `${count} tokens`)
    t.equal(oracles.other.keySetRequests, 0)
    t.equal(oracles.issuer.keySetRequests, 2, 'at the start and for the first unknown kid')
  })

  await t.test('the verdicts over real HTTP are the same', async (t) => {
    const sendable = sample.filter(({ changed }) => isSendable(changed))
    t.ok(sendable.length > 300, `${sendable.length} tokens`)
    const faults = []
    for (const { name, changed, isAccepted } of sendable) {
      const overHttp = await oracles.askOverHttp(changed)
      const isSame = overHttp.isAccepted === isAccepted && (isAccepted || overHttp.status === 401)
      if (!isSame) faults.push({ name, seed, changed, isAccepted, overHttp })
    }
    t.strictSame(faults, [])
  })

  await t.test('every difference occurs, and README.md lists exactly these', async (t) => {
    const names = differences.map(({ name }) => name)
    t.strictSame([...occurred].sort(), [...names].sort())
    const rows = tableRows('test/plugins/auth/differential/README.md', 'Gatehouse rejects', 'because')
    t.strictSame(
      rows.map(([name]) => name),
      names,
    )
  })
})

/** Whether the token fits into a header of 16 KiB, is allowed there (RFC 9110, section 5.5), and is not trimmed. */
function isSendable(token: string): boolean {
  return token.length < 14_000 && /^[\t\x20-\x7e\x80-\xff]+$/.test(token) && token === token.trim()
}
