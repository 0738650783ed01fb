import t from 'tap'
import { ProofKeys } from '../../../../src/plugins/auth/proof/proof-keys.ts'
import { makeProofKey } from '../../../helpers/dpop.ts'

t.test('a key is imported once for each algorithm, and the least recently used one is dropped', async (t) => {
  const keys = new ProofKeys(2)
  const { jwk, jkt } = await makeProofKey('RS256')
  const first = keys.import(jwk, 'RS256', jkt)
  t.equal(keys.import(jwk, 'RS256', jkt), first)
  t.not(keys.import(jwk, 'PS256', jkt), first)
  t.equal(keys.size, 2)
  const { jwk: otherJwk, jkt: otherJkt } = await makeProofKey()
  t.ok(keys.import(otherJwk, 'ES256', otherJkt))
  t.equal(keys.size, 2)
  t.not(keys.import(jwk, 'RS256', jkt), first)
})

t.test('a key that cannot be imported is not remembered', async (t) => {
  const keys = new ProofKeys()
  const { jwk, jkt } = await makeProofKey()
  t.equal(keys.import({ ...jwk, x: 'AAAA' }, 'ES256', jkt), undefined)
  t.equal(keys.size, 0)
})
