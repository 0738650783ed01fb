import { randomInt } from 'node:crypto'
import t from 'tap'
import { tableRows } from '../../../helpers/markdown.ts'
import { type Oddity, token } from './base.ts'
import { differences } from './differences.ts'
import { oddAtRandom } from './odd-at-random.ts'
import { oddClaims } from './odd-claims.ts'
import { oddEncodings } from './odd-encodings.ts'
import { oddHeaders } from './odd-headers.ts'
import { oddSignatures } from './odd-signatures.ts'
import { algorithms, startJudges } from './oracles.ts'
import { Random } from './random.ts'

const ROUNDS_AT_RANDOM = 8
/** One odd token of so many is sent over real HTTP, too. */
const SAMPLE = 12

const families: Record<string, readonly Oddity[]> = {
  headers: oddHeaders,
  claims: oddClaims,
  encodings: oddEncodings,
  signatures: oddSignatures,
  'changes at random': Array.from({ length: ROUNDS_AT_RANDOM }, () => oddAtRandom).flat(),
}

t.test('odd tokens', async (t) => {
  const seed = Number(process.env.ODD_TOKENS_SEED ?? randomInt(2 ** 32))
  t.comment(`ODD_TOKENS_SEED=${seed}`)
  const judges = await startJudges(t, new Random(seed))
  const met = new Set<string>()
  const sample: { name: string; odd: string; isAccepted: boolean }[] = []
  let count = 0

  /** What is wrong with the verdicts on an odd token and its valid twin. */
  const findFaults = async ({ name, make }: Oddity, algorithm: string) => {
    const base = judges.makeBase(algorithm)
    const [odd, twin] = [make(base), token(base)]
    const ours = await judges.ask(odd)
    const theirs = await judges.askJose(odd)
    const isTwinAccepted = (await judges.ask(twin)).isAccepted && (await judges.askJose(twin)) !== undefined
    if (count++ % SAMPLE === 0) sample.push({ name, odd, isAccepted: ours.isAccepted })

    const isDifferent = !ours.isAccepted && theirs !== undefined
    const reasons = isDifferent ? judges.explain(odd, ours, theirs) : []
    for (const reason of reasons) met.add(reason)
    const faults = {
      'the valid twin is refused': !isTwinAccepted,
      'neither accepted nor 401': !ours.isAccepted && ours.status !== 401,
      'accepted, and refused by jose': ours.isAccepted && !theirs,
      'refused, accepted by jose, and not explained': isDifferent && reasons.length === 0,
    }
    return Object.entries(faults)
      .filter(([, isSo]) => isSo)
      .map(([fault]) => ({ fault, name, algorithm, seed, ours, odd, twin }))
  }

  for (const [family, oddities] of Object.entries(families)) {
    await t.test(
      `odd ${family}: no 5xx, none accepted that jose refuses, every valid twin accepted`,
      async (t) => {
        const before = count
        const faults = []
        for (const oddity of oddities) {
          for (const algorithm of oddity.algorithms ?? algorithms)
            faults.push(...(await findFaults(oddity, algorithm)))
        }
        t.comment(`${count - before} odd tokens`)
        t.strictSame(faults, [])
      },
    )
  }

  await t.test('thousands were tried, and none led to where it had planted a key', async (t) => {
    t.ok(count > 5000, `${count} odd tokens`)
    t.equal(judges.evil.keySetRequests, 0)
    t.equal(judges.issuer.keySetRequests, 2, 'at first and for the first unknown kid, while the clock stands')
  })

  await t.test('over real HTTP the verdicts are the same', async (t) => {
    const travelling = sample.filter(({ odd }) => canTravel(odd))
    t.ok(travelling.length > 300, `${travelling.length} odd tokens`)
    const faults = []
    for (const { name, odd, isAccepted } of travelling) {
      const overHttp = await judges.askOverHttp(odd)
      const isSame = overHttp.isAccepted === isAccepted && (isAccepted || overHttp.status === 401)
      if (!isSame) faults.push({ name, seed, odd, isAccepted, overHttp })
    }
    t.strictSame(faults, [])
  })

  await t.test('every difference was met, and README.md explains each and no other', async (t) => {
    const names = differences.map(({ name }) => name)
    t.strictSame([...met].sort(), [...names].sort())
    const rows = tableRows('test/plugins/auth/differential/README.md', 'Gatehouse refuses', 'because')
    t.strictSame(
      rows.map(([name]) => name),
      names,
    )
  })
})

/** What fits into a header of 16 KiB, may stand there (RFC 9110, section 5.5), and is not trimmed at its ends. */
function canTravel(token: string): boolean {
  return token.length < 14_000 && /^[\t\x20-\x7e\x80-\xff]+$/.test(token) && token === token.trim()
}
