import { isUtf8 } from 'node:buffer'

/** A proof as both decode it. Empty if it cannot be decoded. */
export interface Decoded {
  readonly proof: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Seconds since the epoch. */
  readonly now: number
}

/** A kind of proof that Gatehouse and oauth4webapi do not agree about. README.md gives the reasons. */
interface Difference {
  readonly name: string
  /** The one that accepts such proofs. */
  readonly acceptedBy: 'Gatehouse' | 'oauth4webapi'
  readonly applies: (decoded: Decoded) => boolean
}

const MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'use', 'key_ops', 'alg']

export const proofDifferences: readonly Difference[] = [
  {
    name: 'a proof of more than 4 KiB',
    acceptedBy: 'oauth4webapi',
    applies: ({ proof }) => proof.length > 4096,
  },
  {
    name: 'a jti that is empty or longer than 256 bytes',
    acceptedBy: 'oauth4webapi',
    applies: ({ claims: { jti } }) => jti === '' || Buffer.byteLength(String(jti)) > 256,
  },
  {
    name: 'a nonce that is not text',
    acceptedBy: 'oauth4webapi',
    applies: ({ claims: { nonce } }) => nonce !== undefined && typeof nonce !== 'string',
  },
  {
    name: 'a key with private members, or meant for something else',
    acceptedBy: 'oauth4webapi',
    applies: ({ header: { jwk } }) => MEMBERS.some((name) => name in ((jwk ?? {}) as object)),
  },
  {
    name: 'a URL with characters or parts that no htu has',
    acceptedBy: 'oauth4webapi',
    applies: ({ claims: { htu } }) => !/^https?:\/\/[!-~]+$/i.test(String(htu)) || /[@\\]/.test(String(htu)),
  },
  {
    name: 'iat further in the future than the tolerance',
    acceptedBy: 'oauth4webapi',
    applies: ({ claims: { iat }, now }) => Number(iat) > now + 5,
  },
  {
    name: 'text that is not UTF-8',
    acceptedBy: 'oauth4webapi',
    applies: ({ proof }) =>
      !proof.split('.', 2).every((segment) => isUtf8(Buffer.from(segment, 'base64url'))),
  },
  {
    name: 'another encoding of the same bytes',
    acceptedBy: 'oauth4webapi',
    applies: ({ proof }) =>
      proof
        .split('.')
        .some((segment) => Buffer.from(segment, 'base64url').toString('base64url') !== segment) ||
      proof.split('.').some((segment) => segment.startsWith('77u')),
  },
  {
    name: 'a URL with percent-encoding that need not be',
    acceptedBy: 'Gatehouse',
    applies: ({ claims: { htu } }) => /%[\da-f]{2}/i.test(String(htu)),
  },
  {
    name: 'claims of other tokens with unusual types',
    acceptedBy: 'Gatehouse',
    applies: ({ claims: { iss, sub, aud } }) =>
      [iss, sub].some((claim) => claim !== undefined && typeof claim !== 'string') ||
      (aud !== undefined && typeof aud !== 'string'),
  },
]

export function decodeProof(proof: string, now: number): Decoded {
  const [header, claims] = proof.split('.').map(parse)
  return { proof, header: header ?? {}, claims: claims ?? {}, now }
}

function parse(segment: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(segment, 'base64url')
        .toString()
        .replace(/^\ufeff/, ''),
    )
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
