import t, { type Test } from 'tap'
import { DpopVerifier } from '../../../../src/plugins/auth/proof/dpop-verifier.ts'
import { makeProof, makeProofKey } from '../../../helpers/dpop.ts'

const CLOCK_TOLERANCE_SECONDS = 30
const MINUTE = 60_000
/** The begin of a step of the nonces. */
const START = 28_333_333 * MINUTE
const key = await makeProofKey()
const target = { url: 'https://api.test/a', token: 'token' }

/** A verifier and the function that sends it a proof. Without a shared store, it decides at once. */
function start(nonce: 'never' | 'always') {
  const decode = (text: string) => {
    const [header, payload] = text
      .split('.', 2)
      .map((part) => JSON.parse(String(Buffer.from(part, 'base64url'))))
    return { header, payload }
  }
  const options = { nonce, publicUrls: ['https://api.test'] }
  const context = { decode, clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS }
  const verifier = new DpopVerifier(options, context)
  return (proof: string, now: number, steadyNow: number) => {
    const request = { method: 'GET', protocol: 'https', host: 'api.test', raw: { url: '/a' }, socket: {} }
    try {
      verifier.verify({ ...request, headers: { dpop: proof } }, target.token, key.jkt, { now, steadyNow })
      return 'accepted'
    } catch (error) {
      return (error as { headers: Record<string, string> }).headers['dpop-nonce'] ?? 'rejected'
    }
  }
}

/** Asserts that a proof is not accepted a second time by a clock that was set back, in the next ten minutes. */
function isAcceptedOnce(t: Test, send: ReturnType<typeof start>, proof: string, setBackMs: number) {
  t.equal(send(proof, START, 0), 'accepted')
  const again = Array.from({ length: 600 }, (_, seconds) => seconds * 1000).filter(
    (ms) => send(proof, START + ms - setBackMs, ms) === 'accepted',
  )
  t.strictSame(again, [])
}

t.test('a clock that is 10 s behind another one accepts no proof twice', async (t) => {
  for (const skew of [-CLOCK_TOLERANCE_SECONDS, 0, CLOCK_TOLERANCE_SECONDS])
    isAcceptedOnce(t, start('never'), makeProof(key, target, { iat: START / 1000 + skew }), 10_000)
})

t.test('a clock that is 10 s behind another one accepts no proof with a nonce twice', async (t) => {
  const send = start('always')
  // Of a replica whose clock is a minute ahead
  const nonce = send(makeProof(key, target), START + MINUTE, 0)
  isAcceptedOnce(t, send, makeProof(key, target, { nonce }), 10_000)
})
