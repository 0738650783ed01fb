import { type Base, type Mutation, token, withClaims, withHeader, withMember } from './base.ts'
import { unusualValues } from './json.ts'

/** Claims that tokens do not have; `claims.ts` changes the others. */
const names = ['htm', 'htu', 'ath']

/** Other spellings of the URL of a request, and URLs of other requests. */
const urls: Record<string, (url: string) => unknown> = {
  'with a query': (url) => `${url}?a=b`,
  'with a fragment': (url) => `${url}#f`,
  'with an empty query': (url) => `${url}?`,
  'with a slash at the end': (url) => `${url}/`,
  'with two slashes': (url) => url.replace('/api', '//api'),
  'with dot segments': (url) => url.replace('/api', '/x/../api/.'),
  'with encoded dot segments': (url) => url.replace('/api', '/x/%2e%2e/api'),
  'with an encoded letter': (url) => url.replace('private', '%70rivate'),
  'with an encoded slash': (url) => url.replace('/private', '%2Fprivate'),
  'encoded twice': (url) => url.replace('private', '%2570rivate'),
  'with an encoded letter that is not hexadecimal': (url) => url.replace('private', '%7grivate'),
  'in capitals': (url) => url.toUpperCase(),
  'with a scheme in capitals': (url) => url.replace('http', 'HTTP'),
  'with a path in capitals': (url) => url.replace('private', 'PRIVATE'),
  'with https': (url) => url.replace('http:', 'https:'),
  'with another port': (url) => url.replace(/:\d+/, ':1'),
  'without port': (url) => url.replace(/:\d+/, ''),
  'with another host name': (url) => url.replace('127.0.0.1', 'localhost'),
  'with an address in hexadecimal': (url) => url.replace('127.0.0.1', '0x7f.1'),
  'with a user': (url) => url.replace('//', '//user@'),
  'with an empty user': (url) => url.replace('//', '//@'),
  'as the user of another host': (url) => url.replace(/\/api/, '@evil.test/api'),
  'as the query of another URL': (url) => `https://evil.test/?${url}`,
  'with backslashes': (url) => url.replace('/api/', '\\api\\'),
  'with one slash after the scheme': (url) => url.replace('//', '/'),
  'without scheme': (url) => url.replace('http:', ''),
  'as a path': (url) => new URL(url).pathname,
  'with a space in front': (url) => ` ${url}`,
  'with a space at the end': (url) => `${url} `,
  'with a tab inside': (url) => url.replace('private', 'pri\tvate'),
  'with NUL at the end': (url) => `${url}\u0000`,
  'with a letter beyond ASCII': (url) => `${url}\u00e9`,
  'in a list': (url) => [url],
  'in an object': (url) => ({ href: url }),
}

const methods = ['get', 'Get', 'GET ', ' GET', 'POST', 'HEAD', 'GET,POST', 'GET\u0000', '*']

/** Members of keys, beside those of a public key. */
const members: Record<string, object> = {
  'for encryption': { use: 'enc' },
  'for signatures': { use: 'sig' },
  'to sign': { key_ops: ['sign'] },
  'to verify': { key_ops: ['verify'] },
  'to verify twice': { key_ops: ['verify', 'verify'] },
  'without operations': { key_ops: [] },
  'of another algorithm': { alg: 'ES512' },
  'with a private exponent': { d: 'AQAB' },
  'with an empty private exponent': { d: '' },
  'with a prime': { p: 'AQAB' },
  'with a symmetric key': { k: 'AAAA' },
  'of type oct': { kty: 'oct' },
  'of a type in lower case': { kty: 'ec' },
  'of another curve': { crv: 'P-384' },
  'with a kid': { kid: 'x' },
  'with members of other types': { n: 'AQAB', e: 'AQAB', y: undefined },
  'with x padded': { x: 'AAAA=' },
  'with an unknown member': { 'urn:x': {} },
}

export const proofMutations: Mutation[] = [
  ...names.flatMap((name) => [
    withClaims(`${name} missing`, () => ({ [name]: undefined })),
    ...unusualValues.map((value) => ({
      name: `claims: ${name} ${value.slice(0, 40)}`,
      make: (base: Base) => token(base, { claims: withMember(base.claims, name, value) }),
    })),
  ]),
  ...Object.entries(urls).map(([name, change]) =>
    withClaims(`htu ${name}`, ({ claims }) => ({ htu: change(String(claims.htu)) })),
  ),
  ...methods.map((htm) => withClaims(`htm ${JSON.stringify(htm)}`, () => ({ htm }))),
  ...[255, 256, 257, 1000].map((length) =>
    withClaims(`jti of ${length} bytes`, ({ random }) => ({
      jti: random.bytes(length).toString('hex').slice(0, length),
    })),
  ),
  ...[250, 295, 299, 300, 301, 305, 306, 3600].flatMap((span) =>
    [span, -span].map((span) => withClaims(`iat ${span} s from now`, ({ now }) => ({ iat: now + span }))),
  ),
  withClaims('ath in hexadecimal', ({ claims }) => ({
    ath: Buffer.from(String(claims.ath), 'base64url').toString('hex'),
  })),
  withClaims('ath with padding', ({ claims }) => ({ ath: `${claims.ath}=` })),
  withClaims('ath in capitals', ({ claims }) => ({ ath: String(claims.ath).toUpperCase() })),
  withClaims('4,000 bytes of another claim', () => ({ padding: 'x'.repeat(4000) })),
  ...Object.entries(members).map(([name, more]) => ({
    name: `header: jwk ${name}`,
    make: (base: Base) =>
      token(base, { header: { ...base.header, jwk: { ...(base.header.jwk as object), ...more } } }),
  })),
  ...unusualValues.map((value) => ({
    name: `header: jwk ${value.slice(0, 40)}`,
    make: (base: Base) => token(base, { header: withMember(base.header, 'jwk', value) }),
  })),
  {
    name: 'header: jwk of another client, which signs',
    make: (base) =>
      token({ ...base, key: base.stranger }, { header: { ...base.header, jwk: base.stranger.jwk } }),
  },
  {
    name: 'header: jwk of another client, while the key of the token signs',
    make: (base) => token(base, { header: { ...base.header, jwk: base.stranger.jwk } }),
  },
  ...[
    'dpop+jwt',
    'DPOP+JWT',
    'application/dpop+jwt',
    'APPLICATION/DPOP+JWT',
    'dpop',
    'dpop+jwt;x=1',
    'JWT',
  ].map((typ) => withHeader(`typ ${typ}`, { typ })),
]
