/** A token that jose accepts, as jose decoded it. */
export interface Accepted {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Seconds since the epoch. */
  readonly now: number
}

/** A kind of token that Gatehouse rejects and jose accepts. README.md gives the reasons. */
interface Difference {
  readonly name: string
  /** Reasons in the log of Gatehouse. */
  readonly reasons: readonly string[]
  readonly applies: (accepted: Accepted) => boolean
}

const unreadable = ['not base64url', 'not base64url of JSON objects']
const times = ['exp', 'nbf', 'iat'] as const

export const differences: readonly Difference[] = [
  {
    name: 'a critical extension that jose implements',
    reasons: ['crit names an extension'],
    applies: ({ header }) => Array.isArray(header.crit) && header.crit.every((name) => name === 'b64'),
  },
  {
    name: 'a token of another kind, by its claims',
    reasons: ['token_use is not access', 'typ is that of another kind of token', 'it is an ID token'],
    applies: ({ claims }) => ['token_use', 'typ', 'at_hash', 'c_hash'].some((name) => name in claims),
  },
  {
    name: 'a token that is bound to a key',
    reasons: ['jkt is not a SHA-256'],
    applies: ({ claims }) => 'cnf' in claims,
  },
  {
    name: 'a subject that is empty or not a string',
    reasons: ['sub is missing or not text'],
    applies: ({ claims }) => typeof claims.sub !== 'string' || claims.sub === '',
  },
  {
    name: 'a subject that a database cannot store unchanged',
    reasons: ['sub is not well-formed text', 'sub is longer than 255 characters'],
    applies: ({ claims: { sub } }) =>
      typeof sub === 'string' && (sub.length > 255 || !sub.isWellFormed() || sub.includes('\0')),
  },
  {
    name: 'an audience that is not a string, beside a valid one',
    reasons: ['aud is missing or not text'],
    applies: ({ claims }) =>
      Array.isArray(claims.aud) && claims.aud.some((audience) => typeof audience !== 'string'),
  },
  {
    name: 'iat in the future',
    reasons: ['iat is in the future'],
    applies: ({ claims, now }) => (claims.iat as number) > now + 5,
  },
  {
    name: 'an infinite time',
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
    name: 'white space in the token',
    reasons: [...unreadable, 'Invalid token headers'],
    applies: ({ token }) => /\s/.test(token),
  },
  {
    name: 'non-zero unused bits',
    reasons: unreadable,
    applies: ({ token }) =>
      token.split('.').some((segment) => Buffer.from(segment, 'base64url').toString('base64url') !== segment),
  },
]
