import { AUDIENCE } from '../../../helpers/issuer.ts'
import { type Base, type Oddity, token, withClaims, withMember } from './base.ts'
import { oddDocuments, oddValues } from './odd-json.ts'

const names = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'permissions', 'azp', 'client_id', 'nonce'],
]

/** Around now and the tolerance of 5 seconds, and where numbers end. */
const spans = [0, 1, 4, 4.5, 5, 5.5, 6, 60, 86_400].flatMap((span) => [span, -span])
const moments: Record<string, (now: number) => number> = {
  ...Object.fromEntries(spans.map((span) => [`${span} s from now`, (now: number) => now + span])),
  'in milliseconds': (now) => now * 1000,
  'as a negative number': (now) => -now,
  'at the largest number that counts': () => Number.MAX_SAFE_INTEGER,
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
  'in something like a list': { 0: AUDIENCE, length: 1 },
  'with a slash behind': `${AUDIENCE}/`,
  'with a blank behind': `${AUDIENCE} `,
  'with NUL behind': `${AUDIENCE}\u0000`,
  'in capitals': AUDIENCE.toUpperCase(),
  'cut short': AUDIENCE.slice(0, -1),
  'among others in one text': `https://other.test ${AUDIENCE}`,
  'by comma': `${AUDIENCE},https://other.test`,
  'as an expression': '.*',
  'of another API': 'https://other.test',
  'of nobody': [],
}

const issuers: Record<string, (url: string, strangersUrl: string) => unknown> = {
  'without its slash': (url) => url.slice(0, -1),
  'with a second slash': (url) => `${url}/`,
  'with a path': (url) => `${url}x`,
  'with dots': (url) => `${url}./`,
  'with a query': (url) => `${url}?`,
  'with a fragment': (url) => `${url}#`,
  'with a blank behind': (url) => `${url} `,
  'with a blank before': (url) => ` ${url}`,
  'with NUL behind': (url) => `${url}\u0000`,
  'in capitals': (url) => url.toUpperCase(),
  'by https': (url) => url.replace('http:', 'https:'),
  'without scheme': (url) => url.replace('http:', ''),
  'with somebody before it': (url) => url.replace('://', '://user@'),
  'before somebody else': (url) => `${url.slice(0, -1)}@evil.test/`,
  'by another name': (url) => url.replace('127.0.0.1', 'localhost'),
  'by percent signs': (url) => url.replaceAll('.', '%2E'),
  'in a list': (url) => [url],
  'in an object': (url) => ({ toString: url }),
  'of somebody else': (_url, strangersUrl) => strangersUrl,
}

export const oddClaims: Oddity[] = [
  ...names.flatMap((name) => [
    withClaims(`${name} missing`, () => ({ [name]: undefined })),
    ...oddValues.map((value) => ({
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
      name: `claims: ${name} twice, the good one last`,
      make: (base: Base) =>
        token(base, { claims: `{"${name}":${value},${JSON.stringify(base.claims).slice(1)}` }),
    },
    {
      name: `claims: ${name} twice, the good one first`,
      make: (base: Base) =>
        token(base, { claims: `${JSON.stringify(base.claims).slice(0, -1)},"${name}":${value}}` }),
    },
  ]),
  withClaims('everything at once in the past', () => ({ exp: 1, nbf: 1, iat: 1 })),
  withClaims('expired before it was valid', ({ now }) => ({ exp: now + 60, nbf: now - 60, iat: now - 120 })),
  withClaims('claims of an ID token', () => ({ nonce: 'n', at_hash: 'a', email: 'a@b.test' })),
  withClaims('events of a security event', () => ({ events: { 'urn:x': {} } })),
  withClaims('bound to a key', () => ({ cnf: { jkt: 'x' } })),
  ...Object.entries(oddDocuments).map(([name, change]) => ({
    name: `claims: ${name}`,
    make: (base: Base) => token(base, { claims: change(base.claims) }),
  })),
]
