/** What the other library made of a token that it accepts. */
export interface Seen {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Seconds since the epoch. */
  readonly now: number
}

/** A kind of token that Gatehouse refuses and jose accepts; README.md says why. */
interface Difference {
  readonly name: string
  /** What Gatehouse's log gives as the reason. */
  readonly reasons: readonly string[]
  readonly applies: (seen: Seen) => boolean
}

const unreadable = ['not base64url', 'not base64url of JSON objects']
const times = ['exp', 'nbf', 'iat'] as const

export const differences: readonly Difference[] = [
  {
    name: 'a critical extension that jose knows',
    reasons: ['crit names an extension'],
    applies: ({ header }) => Array.isArray(header.crit) && header.crit.every((name) => name === 'b64'),
  },
  {
    name: 'no kid, where the keys have one',
    reasons: ['kid is not in the key set of the issuer'],
    applies: ({ header }) => header.kid === undefined,
  },
  {
    name: 'a subject that is empty or not text',
    reasons: ['sub is missing or not text'],
    applies: ({ claims }) => typeof claims.sub !== 'string' || claims.sub === '',
  },
  {
    name: 'a subject that no database keeps as it is',
    reasons: ['sub is not well-formed text', 'sub is longer than 255 characters'],
    applies: ({ claims: { sub } }) =>
      typeof sub === 'string' && (sub.length > 255 || !sub.isWellFormed() || sub.includes('\0')),
  },
  {
    name: 'an audience that is not text, beside ours',
    reasons: ['aud is missing or not text'],
    applies: ({ claims }) =>
      Array.isArray(claims.aud) && claims.aud.some((audience) => typeof audience !== 'string'),
  },
  {
    name: 'issued in the future',
    reasons: ['iat is in the future'],
    applies: ({ claims, now }) => (claims.iat as number) > now + 5,
  },
  {
    name: 'a time that is infinite',
    reasons: ['exp is missing or not a number', 'nbf is not a number', 'iat is not a number'],
    applies: ({ claims }) =>
      times.some((name) => Math.abs(claims[name] as number) === Number.POSITIVE_INFINITY),
  },
  {
    name: 'a byte order mark',
    reasons: unreadable,
    applies: ({ token }) => token.split('.').some((segment) => segment.startsWith('77u')),
  },
  {
    name: 'base64 padding',
    reasons: unreadable,
    applies: ({ token }) => token.includes('='),
  },
  {
    name: 'white space inside',
    reasons: [...unreadable, 'Invalid token headers'],
    applies: ({ token }) => /\s/.test(token),
  },
  {
    name: 'unused bits that are set',
    reasons: unreadable,
    applies: ({ token }) =>
      token.split('.').some((segment) => Buffer.from(segment, 'base64url').toString('base64url') !== segment),
  },
]
