import { randomInt } from 'node:crypto'
import t from 'tap'
import { tableRows } from '../../../helpers/markdown.ts'
import { type Mutation, token } from './base.ts'
import { claimMutations } from './claims.ts'
import { encodingMutations } from './encodings.ts'
import { headerMutations } from './headers.ts'
import { proofMutations } from './proof-claims.ts'
import { decodeProof, proofDifferences } from './proof-differences.ts'
import { proofAlgorithms, startProofOracles } from './proof-oracles.ts'
import { Random } from './random.ts'
import { randomMutations } from './random-changes.ts'
import { signatureMutations } from './signatures.ts'

const RANDOM_ROUNDS = 8

const families: Record<string, readonly Mutation[]> = {
  proofs: proofMutations,
  headers: headerMutations,
  claims: claimMutations,
  encodings: encodingMutations,
  signatures: signatureMutations,
  'random changes': Array.from({ length: RANDOM_ROUNDS }, () => randomMutations).flat(),
}

t.test('differential tests of proofs', async (t) => {
  const seed = Number(process.env.DIFFERENTIAL_SEED ?? randomInt(2 ** 32))
  t.comment(`DIFFERENTIAL_SEED=${seed}`)
  const { now, ask, askOauth4webapi, makeBase } = await startProofOracles(t, new Random(seed))
  const occurred = new Set<string>()
  let count = 0

  /** Lists the faults in the verdicts on a changed proof and on a valid one. */
  const findFaults = async ({ name, make }: Mutation, algorithm: string) => {
    const [changed, valid] = [make(makeBase(algorithm)), token(makeBase(algorithm))]
    if (!isSendable(changed)) return []
    count++
    const ours = await ask(algorithm, changed)
    // Some invented `jti` occur twice, and oauth4webapi does not remember proofs
    if (ours.reason === 'replayed') return []
    const isTheirs = await askOauth4webapi(algorithm, changed)
    const areValid = (await ask(algorithm, valid)).isAccepted && (await askOauth4webapi(algorithm, valid))
    const acceptedBy = ours.isAccepted ? 'Gatehouse' : 'oauth4webapi'
    const explanations =
      ours.isAccepted === isTheirs
        ? []
        : proofDifferences.filter(
            (difference) =>
              difference.acceptedBy === acceptedBy && difference.applies(decodeProof(changed, now)),
          )
    for (const { name } of explanations) occurred.add(name)
    const faults = {
      'the valid proof is rejected': !areValid,
      'neither accepted nor 401': !ours.isAccepted && ours.status !== 401,
      'another verdict, not explained': ours.isAccepted !== isTheirs && explanations.length === 0,
    }
    return Object.entries(faults)
      .filter(([, isSo]) => isSo)
      .map(([fault]) => ({ fault, name, algorithm, seed, ours, isTheirs, changed }))
  }

  for (const [family, mutations] of Object.entries(families)) {
    await t.test(`${family}: no 5xx, and the verdicts are those of oauth4webapi`, async (t) => {
      const before = count
      const faults = []
      for (const { algorithms = proofAlgorithms, ...mutation } of mutations) {
        for (const algorithm of algorithms.filter((name) => proofAlgorithms.includes(name)))
          faults.push(...(await findFaults(mutation, algorithm)))
      }
      t.comment(`${count - before} proofs`)
      t.strictSame(faults, [])
    })
  }

  await t.test(
    'every difference occurs in more than 3,000 proofs, and README.md lists exactly these',
    async (t) => {
      t.ok(count > 3000, `${count} proofs`)
      const names = proofDifferences.map(({ name }) => name)
      t.strictSame([...occurred].sort(), [...names].sort())
      const rows = tableRows('test/plugins/auth/differential/README.md', 'kind of proof', 'accepted by')
      t.strictSame(
        rows.map((row) => row.slice(0, 2)),
        proofDifferences.map(({ name, acceptedBy }) => [name, acceptedBy]),
      )
    },
  )
})

/** Whether a header may contain the text (RFC 9110, section 5.5), and both see the same. */
function isSendable(proof: string): boolean {
  return proof.length < 14_000 && /^[\x21-\x7e]+$/.test(proof)
}
