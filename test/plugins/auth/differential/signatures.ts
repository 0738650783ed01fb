import { constants, createHash, privateEncrypt, sign } from 'node:crypto'
import { pssSigner, type Signer, signer } from '../../../helpers/raw-token.ts'
import { type Base, genuine, type Mutation, segments, token } from './base.ts'

const RSA = ['RS256', 'PS256']
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

type Change = (signature: Buffer, base: Base) => Buffer

const changes: Record<string, Change> = {
  missing: () => Buffer.alloc(0),
  'a byte short': (signature) => signature.subarray(0, -1),
  'without its first byte': (signature) => signature.subarray(1),
  half: (signature) => signature.subarray(0, signature.length / 2),
  'one zero byte longer': (signature) => Buffer.concat([signature, Buffer.alloc(1)]),
  'with a zero byte in front': (signature) => Buffer.concat([Buffer.alloc(1), signature]),
  twice: (signature) => Buffer.concat([signature, signature]),
  'of 4,000 bytes': (signature) => Buffer.concat([signature, Buffer.alloc(4000)]),
  'of zeros': (signature) => Buffer.alloc(signature.length),
  'of ones': (signature) => Buffer.alloc(signature.length, 0xff),
  'the number one': (signature) => Buffer.concat([Buffer.alloc(signature.length - 1), Buffer.from([1])]),
  backwards: (signature) => Buffer.from(signature).reverse(),
  inverted: (signature) => Buffer.from(signature.map((byte) => ~byte)),
  'random bytes': (signature, { random }) => random.bytes(signature.length),
  'a single byte': () => Buffer.from([1]),
  'with its halves swapped': (signature) => Buffer.concat(halves(signature).toReversed()),
  'with a first half of zeros': (signature) =>
    Buffer.concat([Buffer.alloc(signature.length / 2), halves(signature)[1]]),
  'with a second half of zeros': (signature) =>
    Buffer.concat([halves(signature)[0], Buffer.alloc(signature.length / 2)]),
}

const ecdsaChanges: Record<string, Change> = {
  'with the other valid s': (signature) => withS(signature, (s) => P256_ORDER - s),
  'with the order as r': (signature) => Buffer.concat([toBytes(P256_ORDER), halves(signature)[1]]),
  'with the order as s': (signature) => withS(signature, () => P256_ORDER),
  'with the order as both': () => Buffer.concat([toBytes(P256_ORDER), toBytes(P256_ORDER)]),
  'with one as both': () => Buffer.concat([toBytes(1n), toBytes(1n)]),
  'each number a byte longer': (signature) =>
    Buffer.concat(halves(signature).flatMap((half) => [Buffer.alloc(1), half])),
}

/** Signatures of other input with the genuine key, and a signature with another key. */
const signers: Record<string, (base: Base) => Signer> = {
  'of the header alone': (base) => (input) => genuine(base)(input.split('.')[0] as string),
  'of the payload alone': (base) => (input) => genuine(base)(input.split('.')[1] as string),
  'without the dot': (base) => (input) => genuine(base)(input.replace('.', '')),
  'with a dot at the end': (base) => (input) => genuine(base)(`${input}.`),
  'of the decoded segments': (base) => (input) =>
    genuine(base)(
      input
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString())
        .join('.'),
    ),
  'of the empty string': (base) => () => genuine(base)(''),
  'of the digest': (base) => (input) => genuine(base)(createHash('sha256').update(input).digest('hex')),
  'with the key of another issuer': ({ stranger, key }) => signer(stranger.privateKey, key.algorithm),
}

const otherWays: [algorithms: string[], Record<string, (base: Base) => Signer>][] = [
  [
    RSA,
    {
      'with SHA-1': ({ key }) => signer(key.privateKey, `${key.algorithm.slice(0, 2)}1`),
      'with SHA-384': ({ key }) => signer(key.privateKey, `${key.algorithm.slice(0, 2)}384`),
      'with SHA-512': ({ key }) => signer(key.privateKey, `${key.algorithm.slice(0, 2)}512`),
      'with the other padding': ({ key }) =>
        signer(key.privateKey, key.algorithm === 'RS256' ? 'PS256' : 'RS256'),
      'with no salt': ({ key }) => pssSigner(key.privateKey, 'sha256', 0),
      'with a salt of 20 bytes': ({ key }) => pssSigner(key.privateKey, 'sha256', 20),
      'with a salt of 33 bytes': ({ key }) => pssSigner(key.privateKey, 'sha256', 33),
      'with the longest salt': ({ key }) =>
        pssSigner(key.privateKey, 'sha256', constants.RSA_PSS_SALTLEN_MAX_SIGN),
      'of a digest without its algorithm':
        ({ key }) =>
        (input) =>
          privateEncrypt(key.privateKey, createHash('sha256').update(input).digest()),
    },
  ],
  [
    ['ES256'],
    {
      'as DER':
        ({ key }) =>
        (input) =>
          sign('sha256', Buffer.from(input), key.privateKey),
      'with SHA-1': ({ key }) => signer(key.privateKey, 'ES1'),
      'with SHA-384': ({ key }) => signer(key.privateKey, 'ES384'),
      'with SHA-512': ({ key }) => signer(key.privateKey, 'ES512'),
    },
  ],
]

export const signatureMutations: Mutation[] = [
  ...Object.entries(changes).map(([name, change]) => changed(name, change)),
  ...Object.entries(ecdsaChanges).map(([name, change]) => changed(name, change, ['ES256'])),
  changed('with the modulus added', addModulus, RSA),
  changed('with the order added to S', addOrder, ['EdDSA']),
  changed('of the identity and zero', () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]), ['EdDSA']),
  ...Object.entries(signers).map(([name, sign]) => signed(name, sign)),
  ...otherWays.flatMap(([algorithms, ways]) =>
    Object.entries(ways).map(([name, sign]) => signed(name, sign, algorithms)),
  ),
  {
    name: 'signature: of another token',
    make: (base) => {
      const [header, payload] = segments(base)
      return `${header}.${payload}.${token(base, { claims: { ...base.claims, sub: 'x' } }).split('.')[2]}`
    },
  },
  {
    name: 'signature: kept while the payload changes',
    make: (base) => {
      const [header, , signature] = segments(base)
      const payload = token(base, { claims: { ...base.claims, sub: 'admin' } }).split('.')[1]
      return `${header}.${payload}.${signature}`
    },
  },
]

function changed(name: string, change: Change, algorithms?: string[]): Mutation {
  return signed(name, (base) => (input) => change(genuine(base)(input), base), algorithms)
}

function signed(name: string, sign: (base: Base) => Signer, algorithms?: string[]): Mutation {
  const make = (base: Base) => token(base, { sign: sign(base) })
  return { name: `signature: ${name}`, make, ...(algorithms ? { algorithms } : {}) }
}

function halves(signature: Buffer): [Buffer, Buffer] {
  return [signature.subarray(0, signature.length / 2), signature.subarray(signature.length / 2)]
}

function withS(signature: Buffer, change: (s: bigint) => bigint): Buffer {
  const [r, s] = halves(signature)
  return Buffer.concat([r, toBytes(change(toNumber(s)))])
}

function addModulus(signature: Buffer, { key }: Base): Buffer {
  const modulus = toNumber(Buffer.from(key.jwk.n as string, 'base64url'))
  const sum = toNumber(signature) + modulus
  return toBytes(sum, sum >> BigInt(8 * signature.length) ? signature.length + 1 : signature.length)
}

/** Adds the order to S: RFC 8032, section 5.1.7 requires verifiers to reject it. */
function addOrder(signature: Buffer): Buffer {
  const [r, s] = halves(signature)
  const sum = toNumber(Buffer.from(s).reverse()) + ED25519_ORDER
  return Buffer.concat([r, toBytes(sum).reverse()])
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

function toBytes(number: bigint, length = 32): Buffer {
  return Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex')
}
