import { createHmac, createPublicKey } from 'node:crypto'
import { type Signer, signer } from '../../../helpers/raw-token.ts'
import { type Base, type Mutation, token, withHeader, withMember } from './base.ts'
import { unusualDocuments, unusualValues } from './json.ts'

const algorithms = [
  ...['none', 'None', 'NONE', 'nOnE', '', ' ', 'HS256', 'HS384', 'HS512', 'hs256', 'rs256', 'es256', 'eddsa'],
  ...['RS256 ', ' RS256', 'RS256\u0000', 'RS256,none', 'RS1', 'RS384', 'RS512', 'PS256', 'PS384', 'ES384'],
  ...['RS256', 'ES256', 'ES256K', 'EdDSA', 'Ed25519', 'Ed448', 'ML-DSA-44', 'RSA-OAEP', 'dir', 'A128KW'],
  ...['PBES2-HS256+A128KW', 'toString', '__proto__', 'constructor', 'ＲＳ256'],
]

const types = [
  ...['JWT', 'jwt', 'Jwt', 'at+jwt', 'AT+JWT', 'application/jwt', 'application/at+jwt', 'APPLICATION/AT+JWT'],
  ...['', ' ', 'JWT ', ' JWT', 'JWT\n', 'at+jwt; x=1', 'text/jwt', 'application/', 'JOSE', 'JWS', 'JWE'],
  ...['JWT,JWT', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id_token+jwt', 'token-introspection+jwt'],
  ...['ＪＷＴ', 'at jwt'],
]

const extensions: Record<string, Record<string, unknown>> = {
  'empty crit': { crit: [] },
  'crit of a claim': { crit: ['exp'], exp: 1 },
  'crit of alg': { crit: ['alg'] },
  'crit of a missing parameter': { crit: ['urn:x'] },
  'crit of an unknown extension': { crit: ['urn:x'], 'urn:x': true },
  'crit of the empty string': { crit: [''] },
  'crit with a duplicate': { crit: ['b64', 'b64'], b64: true },
  'crit of a number': { crit: [7] },
  'crit of null': { crit: [null] },
  'crit of __proto__': { crit: ['__proto__'] },
  'crit of toString': { crit: ['toString'] },
  'crit as a string': { crit: 'b64', b64: true },
  'crit that is null': { crit: null },
  'crit that is an object': { crit: { 0: 'b64' }, b64: true },
  'crit of itself': { crit: ['crit'] },
  'b64 true': { b64: true },
  'b64 true, critical': { crit: ['b64'], b64: true },
  'b64 false, not critical': { b64: false },
  'b64 false, critical, encoded nevertheless': { crit: ['b64'], b64: false },
  'b64 as a string, critical': { crit: ['b64'], b64: 'false' },
}

const keyIds = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '../../../../etc/passwd',
    '/dev/null',
    'file:///etc/passwd',
    "' OR '1'='1",
    "'; --",
  ],
  ...['$(id)', '| id', '%s%n', '\u0000', 'key\u0000', '__proto__', 'constructor', 'hasOwnProperty'],
  ...['toString', 'undefined', 'null', '*', '{"$ne":null}', '<x>', 'http://127.0.0.1:9/', '\u{1f511}'],
  ...['\ud800', 'RS256', 'x'.repeat(5000)],
]

/** Parameters that contain a key of another issuer, or its URL. */
function planted({ stranger, strangersUrl }: Base): Record<string, unknown> {
  const url = `${strangersUrl}jwks.json`
  return { jwk: stranger.jwk, jku: url, x5u: url, x5c: ['MIIB'], x5t: 'AAAA', 'x5t#S256': 'AAAA' }
}

function symmetricSigner(secret: (base: Base) => string | Buffer) {
  return (base: Base, hash = 'sha256'): Signer =>
    (input) =>
      createHmac(hash, secret(base)).update(input).digest()
}

const publicKey = ({ key }: Base) => createPublicKey(key.privateKey)
const secrets: Record<string, ReturnType<typeof symmetricSigner>> = {
  'the PEM': symmetricSigner((base) => publicKey(base).export({ type: 'spki', format: 'pem' })),
  'the PEM without its end': symmetricSigner((base) =>
    publicKey(base).export({ type: 'spki', format: 'pem' }).toString().trim(),
  ),
  'the DER': symmetricSigner((base) => publicKey(base).export({ type: 'spki', format: 'der' })),
  'the JWK': symmetricSigner(({ key }) => JSON.stringify(key.jwk)),
  'its first number': symmetricSigner(({ key }) => Buffer.from(String(key.jwk.n ?? key.jwk.x), 'base64url')),
  'its kid': symmetricSigner(({ key }) => key.kid),
  'the empty string': symmetricSigner(() => ''),
}

const unsigned: Signer = () => Buffer.alloc(0)

export const headerMutations: Mutation[] = [
  ...algorithms.map((alg) => withHeader(`alg ${JSON.stringify(alg)}`, { alg })),
  ...algorithms.map((alg) => ({
    name: `header: alg ${JSON.stringify(alg)} and no signature`,
    make: (base: Base) => token(base, { header: { ...base.header, alg }, sign: unsigned }),
  })),
  ...Object.entries(secrets).flatMap(([name, sign]) =>
    ['HS256', 'HS512', 'RS256', 'ES256', 'EdDSA'].map((alg) => ({
      name: `header: alg ${alg}, keyed by ${name}`,
      make: (base: Base) =>
        token(base, {
          header: { ...base.header, alg },
          sign: sign(base, alg === 'HS512' ? 'sha512' : 'sha256'),
        }),
    })),
  ),
  ...types.map((typ) => withHeader(`typ ${JSON.stringify(typ)}`, { typ })),
  ...Object.entries(extensions).map(([name, parameters]) => withHeader(name, parameters)),
  ...keyIds.map((kid) => withHeader(`kid ${JSON.stringify(kid).slice(0, 40)}`, { kid })),
  ...keyIdChanges(),
  withHeader('cty JWT', { cty: 'JWT' }),
  withHeader('zip', { zip: 'DEF' }),
  withHeader('enc', { enc: 'A128GCM' }),
  withHeader('a password with 2^31 iterations', { p2c: 2 ** 31, p2s: 'AAAA' }),
  withHeader('an ephemeral key', { epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, apu: 'AA' }),
  {
    name: 'header: keys planted, signed with the genuine key',
    make: (base) => token(base, { header: { ...base.header, ...planted(base) } }),
  },
  ...['jwk', 'jku', 'x5u', 'x5c'].flatMap((name) => [
    plantedKey(name, 'with the genuine kid', {}),
    plantedKey(name, 'without kid', { kid: undefined }),
    plantedKey(name, 'with the kid of the other issuer', { kid: 'other' }),
  ]),
  ...['none', 'HS256'].flatMap((alg) => [
    {
      name: `header: alg twice, ${alg} first`,
      make: (base: Base) => token(base, { header: `{"alg":"${alg}",${inner(base.header)}}` }),
    },
    {
      name: `header: alg twice, ${alg} last`,
      make: (base: Base) => token(base, { header: `{${inner(base.header)},"alg":"${alg}"}` }),
    },
  ]),
  {
    name: 'header: kid twice, the genuine one last',
    make: (base) => token(base, { header: `{"kid":"x",${inner(base.header)}}` }),
  },
  {
    name: 'header: kid twice, the genuine one first',
    make: (base) => token(base, { header: `{${inner(base.header)},"kid":"x"}` }),
  },
  {
    name: 'header: kid twice, once with an escape',
    make: (base) => token(base, { header: `{${inner(base.header)},"\\u006bid":"x"}` }),
  },
  ...['alg', 'kid', 'typ', 'crit', 'cty', 'jku', 'jwk', 'b64', 'iss', 'exp'].flatMap((name) => [
    withHeader(`${name} missing`, { [name]: undefined }),
    ...unusualValues.map((value) => ({
      name: `header: ${name} ${value.slice(0, 40)}`,
      make: (base: Base) => token(base, { header: withMember(base.header, name, value) }),
    })),
  ]),
  ...Object.entries(unusualDocuments).map(([name, change]) => ({
    name: `header: ${name}`,
    make: (base: Base) => token(base, { header: change(base.header) }),
  })),
]

/** Changes of a known kid. */
function keyIdChanges(): Mutation[] {
  const changes: Record<string, (base: Base) => unknown> = {
    'in capitals': ({ key }) => key.kid.toUpperCase(),
    'with a space at the end': ({ key }) => `${key.kid} `,
    'with NUL at the end': ({ key }) => `${key.kid}\u0000`,
    'after the algorithm': ({ key }) => `${key.algorithm} ${key.kid}`,
    'in a list': ({ key }) => [key.kid],
    'in an object': ({ key }) => ({ toString: key.kid }),
    'cut short': ({ key }) => key.kid.slice(0, -1),
    'of another key': ({ key, published }) => published.find(({ kid }) => kid !== key.kid)?.kid,
  }
  return Object.entries(changes).map(([name, change]) => ({
    name: `header: kid ${name}`,
    make: (base) => token(base, { header: { ...base.header, kid: change(base) } }),
  }))
}

function plantedKey(name: string, circumstance: string, parameters: Record<string, unknown>): Mutation {
  return {
    name: `header: ${name} planted ${circumstance}, signed with the other key`,
    make: (base) =>
      token(base, {
        header: { ...base.header, [name]: planted(base)[name], ...parameters },
        sign: signer(base.stranger.privateKey, base.key.algorithm),
      }),
  }
}

function inner(json: object): string {
  return JSON.stringify(json).slice(1, -1)
}
