import { generateKeyPairSync, hash, type KeyObject, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import type { Algorithm } from './issuer.ts'
import type { Figures } from './load.ts'
import { conditions, median, spread, table, writeBetweenMarks } from './page.ts'
import { inTurn } from './rounds.ts'
import { CONNECTIONS, GATEHOUSE, KNOWN, SECONDS, type Setup } from './setup.ts'

const PATH = '/api/private'
/** More than a server verifies in one measurement. */
const PROOFS = 20_000
const AT_ONCE = 16
const BEARER = 'known bearer tokens'

const signAsync = promisify(sign) // in the thread pool

interface Client {
  algorithm: Algorithm
  key: KeyObject
  jwk: object
  token: string
}

/** Measures the cost of DPoP proofs: a known token with a new proof in each request, for docs/benchmarks.md. */
export async function measureProofs(setup: Setup, rounds: number): Promise<void> {
  const more = { DPOP_PROOF_MAX_AGE_SECONDS: '30' } // so that the proofs of earlier rounds leave the memory
  await setup.start('allowed', GATEHOUSE, { ...setup.environment, ...more }, PATH)
  await setup.start('disabled', GATEHOUSE, { ...setup.environment, DPOP: 'disabled' }, PATH)
  const tokens = await setup.writeTokens('known', await setup.makeTokens('RS256', KNOWN))
  const clients = await Promise.all(
    (['ES256', 'EdDSA', 'RS256'] as const).map((algorithm) => makeClient(setup, algorithm)),
  )
  const rows = [
    { name: `${BEARER}, \`DPOP=disabled\``, run: () => setup.load('disabled', PATH, { tokens }) },
    { name: BEARER, run: () => setup.load('allowed', PATH, { tokens }) },
    ...clients.map((client) => ({
      name: `known token, new proof, ${client.algorithm}`,
      run: async () => {
        const lines = await makeLines(client, `${setup.urlOf('allowed')}${PATH}`)
        return setup.load('allowed', PATH, { tokens: await setup.writeTokens('proofs', lines) })
      },
    })),
  ]
  const figures = await inTurn(rows, rounds, ({ run }) => run())
  const text = `${conditions(setup.wrk, rounds, SECONDS, CONNECTIONS)}\n\n${toTable(figures)}`
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=proofs', text)
}

function toTable(figures: ReadonlyMap<string, readonly Figures[]>): string {
  const ratesOf = (name: string) =>
    (figures.get(name) ?? []).map(({ requestsPerCpuSecond }) => requestsPerCpuSecond)
  const bearer = ratesOf(BEARER)
  const rows = [...figures.keys()].map((name) => {
    const rates = ratesOf(name)
    const ratios = rates.map((rate, round) => rate / (bearer[round] ?? Number.NaN))
    const microseconds = 1e6 / median(rates) - 1e6 / median(bearer)
    return [
      name,
      `${Math.round(median(rates))}`,
      median(ratios).toFixed(2),
      spread(rates),
      microseconds.toFixed(0),
    ]
  })
  return table(
    ['request', 'requests per CPU second', 'relative to bearer', 'lowest - highest', 'us more'],
    rows,
  )
}

async function makeClient(setup: Setup, algorithm: Algorithm): Promise<Client> {
  const { privateKey, publicKey } = {
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  }[algorithm]()
  const jwk = await exportJWK(publicKey)
  const cnf = { jkt: await calculateJwkThumbprint(jwk) }
  const [token] = await setup.makeTokens('RS256', 1, { cnf })
  return { algorithm, key: privateKey, jwk, token: token as string }
}

/** Makes lines with the token and a new proof each. */
async function makeLines(client: Client, url: string): Promise<string[]> {
  const lines: string[] = []
  while (lines.length < PROOFS)
    lines.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => makeProof(client, url)))))
  return lines.map((proof) => `${client.token} ${proof}`)
}

async function makeProof({ algorithm, key, jwk, token }: Client, url: string): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const ath = hash('sha256', token, 'base64url')
  const header = encode({ typ: 'dpop+jwt', alg: algorithm, jwk })
  const input = `${header}.${encode({ jti: randomUUID(), htm: 'GET', htu: url, iat, ath })}`
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  const signature = await signAsync(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
