import { type Base, genuine, type Mutation, segments, token } from './base.ts'

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
const parameters = ['alg', 'kid', 'typ', 'crit', 'cty', 'b64', 'jku', 'jwk', 'x5c', 'zip', 'enc', '__proto__']
const names = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'permissions', 'azp', '__proto__']

/** Random changes, beyond the fixed lists. Each call makes another token. */
export const randomMutations: Mutation[] = [
  { name: 'at random: one bit of the signature', make: flipSignatureBit },
  { name: 'at random: one letter replaced', make: (base) => splice(base, 1, base.random.one(letters)) },
  { name: 'at random: one letter added', make: (base) => splice(base, 0, base.random.one(letters)) },
  { name: 'at random: one letter removed', make: (base) => splice(base, 1, '') },
  {
    name: 'at random: one character replaced by any other',
    make: (base) => splice(base, 1, anyCharacter(base)),
  },
  { name: 'at random: a part removed', make: (base) => splice(base, base.random.below(40), '') },
  { name: 'at random: a dot added', make: (base) => splice(base, 0, '.') },
  {
    name: 'at random: truncated',
    make: (base) => token(base).slice(0, 1 + base.random.below(token(base).length - 1)),
  },
  {
    name: 'at random: segments of two tokens',
    make: (base) => {
      const other = segments({ ...base, claims: { ...base.claims, sub: 'auth0|2' } })
      return segments(base)
        .map((segment, at) => (base.random.below(2) ? segment : other[at]))
        .join('.')
    },
  },
  ...[1, 3].flatMap((count) => [
    {
      name: `at random: ${count} claims of any value`,
      make: (base: Base) => token(base, { claims: withAny(base, base.claims, names, count) }),
    },
    {
      name: `at random: ${count} header parameters of any value`,
      make: (base: Base) => token(base, { header: withAny(base, base.header, parameters, count) }),
    },
  ]),
  ...Object.entries({ character: withCharacter, byte: withByte }).flatMap(([what, change]) => [
    {
      name: `at random: one ${what} of the header, with a valid signature`,
      make: (base: Base) => token(base, { header: change(base, base.header) }),
    },
    {
      name: `at random: one ${what} of the payload, with a valid signature`,
      make: (base: Base) => token(base, { claims: change(base, base.claims) }),
    },
  ]),
  {
    name: 'at random: any JSON as claims',
    make: (base) => token(base, { claims: JSON.stringify(base.random.json()) }),
  },
  {
    name: 'at random: any JSON as the header',
    make: (base) => token(base, { header: JSON.stringify(base.random.json()) }),
  },
  {
    name: 'at random: any bytes as a token',
    make: ({ random }) =>
      [random.bytes(9), random.bytes(30), random.bytes(64)]
        .map((part) => part.toString('base64url'))
        .join('.'),
  },
]

function flipSignatureBit(base: Base): string {
  return token(base, {
    sign: (input) => {
      const signature = genuine(base)(input)
      const bit = base.random.below(signature.length * 8)
      signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7))
      return signature
    },
  })
}

function splice(base: Base, length: number, text: string): string {
  const whole = token(base)
  const at = base.random.below(whole.length)
  return whole.slice(0, at) + text + whole.slice(at + length)
}

function anyCharacter({ random }: Base): string {
  return String.fromCharCode(random.below(random.one([128, 256, 65_536])))
}

function withAny({ random }: Base, json: object, names: readonly string[], count: number): object {
  const changes = Array.from({ length: count }, () => [random.one(names), random.json()])
  return { ...json, ...Object.fromEntries(changes) }
}

function withCharacter(base: Base, json: object): string {
  const text = JSON.stringify(json)
  const at = base.random.below(text.length)
  return text.slice(0, at) + anyCharacter(base) + text.slice(at + base.random.below(2))
}

function withByte({ random }: Base, json: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(json))
  bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}
