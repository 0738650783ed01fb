import { AUDIENCE } from '../../../helpers/issuer.ts'
import { type Base, type Mutation, token, withClaims, withMember } from './base.ts'
import { unusualDocuments, unusualValues } from './json.ts'

const names = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'permissions', 'azp', 'client_id', 'nonce'],
]

/** Times around now and the tolerance of 5 seconds, and at the limits of numbers. */
const spans = [0, 1, 4, 4.5, 5, 5.5, 6, 60, 86_400].flatMap((span) => [span, -span])
const moments: Record<string, (now: number) => number> = {
  ...Object.fromEntries(spans.map((span) => [`${span} s from now`, (now: number) => now + span])),
  'in milliseconds': (now) => now * 1000,
  'as a negative number': (now) => -now,
  'at the largest safe integer': () => Number.MAX_SAFE_INTEGER,
  'at the largest number': () => Number.MAX_VALUE,
  'at the smallest number': () => Number.MIN_VALUE,
  'at the end of 32 bits': () => 2 ** 31,
}

const audiences: Record<string, unknown> = {
  alone: [AUDIENCE],
  twice: [AUDIENCE, AUDIENCE],
  'among others': ['https://other.test', AUDIENCE, ''],
  'among 500 others': [...Array.from({ length: 500 }, (_, index) => `https://${index}.test`), AUDIENCE],
  'with a number': [AUDIENCE, 7],
  'with null': [null, AUDIENCE],
  'with a list': [AUDIENCE, []],
  'with an object': [AUDIENCE, {}],
  'in a list in a list': [[AUDIENCE]],
  'as a key': { [AUDIENCE]: true },
  'in an array-like object': { 0: AUDIENCE, length: 1 },
  'with a slash at the end': `${AUDIENCE}/`,
  'with a space at the end': `${AUDIENCE} `,
  'with NUL at the end': `${AUDIENCE}\u0000`,
  'in capitals': AUDIENCE.toUpperCase(),
  'cut short': AUDIENCE.slice(0, -1),
  'among others in one text': `https://other.test ${AUDIENCE}`,
  'separated by a comma': `${AUDIENCE},https://other.test`,
  'as a regular expression': '.*',
  'of another API': 'https://other.test',
  empty: [],
}

const issuers: Record<string, (url: string, strangersUrl: string) => unknown> = {
  'without its slash': (url) => url.slice(0, -1),
  'with a second slash': (url) => `${url}/`,
  'with a path': (url) => `${url}x`,
  'with dots': (url) => `${url}./`,
  'with a query': (url) => `${url}?`,
  'with a fragment': (url) => `${url}#`,
  'with a space at the end': (url) => `${url} `,
  'with a space in front': (url) => ` ${url}`,
  'with NUL at the end': (url) => `${url}\u0000`,
  'in capitals': (url) => url.toUpperCase(),
  'with https': (url) => url.replace('http:', 'https:'),
  'without scheme': (url) => url.replace('http:', ''),
  'with a user name': (url) => url.replace('://', '://user@'),
  'as the user name of another host': (url) => `${url.slice(0, -1)}@evil.test/`,
  'with another host name': (url) => url.replace('127.0.0.1', 'localhost'),
  'percent-encoded': (url) => url.replaceAll('.', '%2E'),
  'in a list': (url) => [url],
  'in an object': (url) => ({ toString: url }),
  'of another issuer': (_url, strangersUrl) => strangersUrl,
}

export const claimMutations: Mutation[] = [
  ...names.flatMap((name) => [
    withClaims(`${name} missing`, () => ({ [name]: undefined })),
    ...unusualValues.map((value) => ({
      name: `claims: ${name} ${value.slice(0, 40)}`,
      make: (base: Base) => token(base, { claims: withMember(base.claims, name, value) }),
    })),
  ]),
  ...['exp', 'nbf', 'iat'].flatMap((name) =>
    Object.entries(moments).map(([when, moment]) =>
      withClaims(`${name} ${when}`, ({ now }) => ({ [name]: moment(now) })),
    ),
  ),
  ...['exp', 'nbf', 'iat'].map((name) =>
    withClaims(`${name} as text`, ({ now }) => ({ [name]: String(now + (name === 'exp' ? 60 : 0)) })),
  ),
  ...Object.entries(audiences).map(([name, aud]) => withClaims(`aud ${name}`, () => ({ aud }))),
  ...Object.entries(issuers).map(([name, change]) =>
    withClaims(`iss ${name}`, ({ claims, strangersUrl }) => ({
      iss: change(claims.iss as string, strangersUrl),
    })),
  ),
  ...Object.entries({
    exp: '1',
    aud: '"https://other.test"',
    iss: '"https://evil.test/"',
    sub: '""',
  }).flatMap(([name, value]) => [
    {
      name: `claims: ${name} twice, the valid one last`,
      make: (base: Base) =>
        token(base, { claims: `{"${name}":${value},${JSON.stringify(base.claims).slice(1)}` }),
    },
    {
      name: `claims: ${name} twice, the valid one first`,
      make: (base: Base) =>
        token(base, { claims: `${JSON.stringify(base.claims).slice(0, -1)},"${name}":${value}}` }),
    },
  ]),
  withClaims('all times in the past', () => ({ exp: 1, nbf: 1, iat: 1 })),
  withClaims('expired before it was valid', ({ now }) => ({ exp: now + 60, nbf: now - 60, iat: now - 120 })),
  withClaims('claims of an ID token', () => ({ nonce: 'n', at_hash: 'a', email: 'a@b.test' })),
  withClaims('events of a security event', () => ({ events: { 'urn:x': {} } })),
  withClaims('bound to a key', () => ({ cnf: { jkt: 'x' } })),
  ...Object.entries(unusualDocuments).map(([name, change]) => ({
    name: `claims: ${name}`,
    make: (base: Base) => token(base, { claims: change(base.claims) }),
  })),
]
