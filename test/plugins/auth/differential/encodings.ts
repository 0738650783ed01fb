import { gzipSync } from 'node:zlib'
import { encode, seal } from '../../../helpers/raw-token.ts'
import { type Base, genuine, type Mutation, segments, token } from './base.ts'

type Segments = [header: string, payload: string, signature: string]

/** Changes that make a segment invalid base64url, or another text of the same bytes. */
const segmentChanges: Record<string, (segment: string) => string> = {
  empty: () => '',
  padded: (segment) => segment + '='.repeat(-segment.length & 3),
  'padded by one': (segment) => `${segment}=`,
  'padded by four': (segment) => `${segment}====`,
  'padded with percent-encoding': (segment) => `${segment}%3D`,
  'in the alphabet of base64': (segment) => segment.replaceAll('-', '+').replaceAll('_', '/'),
  'with a plus': (segment) => `${segment.slice(0, 8)}+${segment.slice(9)}`,
  'with a slash': (segment) => `${segment.slice(0, 8)}/${segment.slice(9)}`,
  'with a space': (segment) => insert(segment, ' '),
  'with a tab': (segment) => insert(segment, '\t'),
  'with a line break': (segment) => insert(segment, '\r\n'),
  'with NUL': (segment) => insert(segment, '\u0000'),
  'with DEL': (segment) => insert(segment, '\u007f'),
  'with an umlaut': (segment) => insert(segment, '\u00fc'),
  'with a zero-width space': (segment) => insert(segment, '\u200b'),
  'with an asterisk': (segment) => insert(segment, '*'),
  'with a comma': (segment) => insert(segment, ','),
  'with a percent-encoded first letter': (segment) =>
    `%${segment.charCodeAt(0).toString(16)}${segment.slice(1)}`,
  'a letter longer': (segment) => `${segment}A`,
  'a letter shorter': (segment) => segment.slice(0, -1),
  'four letters longer': (segment) => `${segment}AAAA`,
  'extended to an impossible length': (segment) => segment + 'A'.repeat((5 - (segment.length & 3)) & 3),
  'with unused bits set': (segment) => withUnusedBits(segment),
  backwards: (segment) => [...segment].reverse().join(''),
  'in capitals': (segment) => segment.toUpperCase(),
  'in hexadecimal': (segment) => Buffer.from(segment, 'base64url').toString('hex'),
  'encoded twice': (segment) => encode(segment),
  'not encoded': (segment) => Buffer.from(segment, 'base64url').toString('latin1'),
  compressed: (segment) => gzipSync(Buffer.from(segment, 'base64url')).toString('base64url'),
}

const wholes: Record<string, (parts: Segments, base: Base) => string> = {
  'no segment': () => '.',
  'two dots': () => '..',
  'three dots': () => '...',
  'the header alone': ([header]) => header,
  'without signature': ([header, payload]) => `${header}.${payload}`,
  'without signature, with its dot': ([header, payload]) => `${header}.${payload}.`,
  detached: ([header, , signature]) => `${header}..${signature}`,
  'a dot in front': (parts) => `.${parts.join('.')}`,
  'a dot at the end': (parts) => `${parts.join('.')}.`,
  'two dots inside': ([header, payload, signature]) => `${header}..${payload}.${signature}`,
  'a fourth segment': (parts) => [...parts, 'AAAA'].join('.'),
  'the signature twice': (parts) => [...parts, parts[2]].join('.'),
  'the payload twice': ([header, payload, signature]) => [header, payload, payload, signature].join('.'),
  'the token twice': (parts) => [...parts, ...parts].join('.'),
  'five segments, as if encrypted': ([header, payload, signature]) =>
    [header, '', payload, signature, signature].join('.'),
  'encrypted, as its header says': ([, payload, signature]) =>
    [encode({ alg: 'dir', enc: 'A128GCM' }), '', payload, payload, signature].join('.'),
  'payload first': ([header, payload, signature]) => [payload, header, signature].join('.'),
  'signature first': ([header, payload, signature]) => [signature, header, payload].join('.'),
  'full-width dots': (parts) => parts.join('\uff0e'),
  'commas instead of dots': (parts) => parts.join(','),
  'percent-encoded dots': (parts) => parts.join('%2E'),
  'as flattened JSON': ([header, payload, signature]) =>
    JSON.stringify({ protected: header, payload, signature }),
  'as general JSON': ([header, payload, signature]) =>
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
  'encoded as a whole': (parts) => encode(parts.join('.')),
  quoted: (parts) => `"${parts.join('.')}"`,
  'in angle brackets': (parts) => `<${parts.join('.')}>`,
  'as a parameter': (parts) => `token="${parts.join('.')}"`,
  'with a second scheme': (parts) => `Bearer ${parts.join('.')}`,
  'with a comma and another': (parts) => `${parts.join('.')},${parts.join('.')}`,
  'with a word at the end': (parts) => `${parts.join('.')} abc`,
  'with a semicolon at the end': (parts) => `${parts.join('.')};`,
  'letters at the end': (parts) => `${parts.join('.')}abc`,
  'in capitals': (parts) => parts.join('.').toUpperCase(),
  'another token inside': (_parts, base) =>
    token(base, { claims: token(base), header: { ...base.header, cty: 'JWT' } }),
  'the payload not encoded': ([header, , signature], { claims }) =>
    `${header}.${JSON.stringify(claims)}.${signature}`,
  'the payload not encoded, signed in that form': (_parts, base) =>
    seal(encode({ ...base.header, b64: false, crit: ['b64'] }), JSON.stringify(base.claims), genuine(base)),
  'very long': (_parts, base) => token(base, { claims: { ...base.claims, x: 'x'.repeat(200_000) } }),
}

export const encodingMutations: Mutation[] = [
  ...Object.entries(wholes).map(([name, change]) => ({
    name: `encoding: ${name}`,
    make: (base: Base) => change(segments(base), base),
  })),
  ...Object.entries(segmentChanges).flatMap(([name, change]) => [
    ...['header', 'payload', 'signature'].map((segment, index) => ({
      name: `encoding: the ${segment} ${name}`,
      make: (base: Base) =>
        segments(base)
          .map((text, at) => (at === index ? change(text) : text))
          .join('.'),
    })),
    {
      name: `encoding: the header ${name}, signed in that form`,
      make: (base: Base) => seal(change(encode(base.header)), encode(base.claims), genuine(base)),
    },
    {
      name: `encoding: the payload ${name}, signed in that form`,
      make: (base: Base) => seal(encode(base.header), change(encode(base.claims)), genuine(base)),
    },
  ]),
  ...[0, 1, 2].map((spare) => ({
    name: `encoding: unused bits set in a header with ${spare} spare bytes, signed in that form`,
    make: (base: Base) => {
      const header = JSON.stringify(base.header)
      const text = header + ' '.repeat((((spare - header.length) % 3) + 3) % 3)
      return seal(withUnusedBits(encode(text)), encode(base.claims), genuine(base))
    },
  })),
]

function insert(segment: string, text: string): string {
  return segment.slice(0, 4) + text + segment.slice(4)
}

/** Decodes to the same bytes if the decoder ignores unused bits. */
function withUnusedBits(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (segment.length % 4 === 0) return segment
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1) as string) | 1]
}
