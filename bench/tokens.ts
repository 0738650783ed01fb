import { type Algorithm, AUDIENCE } from './issuer.ts'
import { inTurn } from './rounds.ts'
import { GATEHOUSE, KNOWN, type Setup } from './setup.ts'
import type { Measurements } from './token-report.ts'

/** Six times the size of the token cache, and each run goes on where the last one ended: a repeated token is not cached any more. */
const NEW = 60_000
const WARM_UPS = 3

const peers: Record<string, string> = {
  express: 'express-oauth2-jwt-bearer',
  jose: 'jose hook',
  'get-jwks': '@fastify/jwt + get-jwks',
  'fastify-jwt-jwks': 'fastify-jwt-jwks',
}

/** Measures the cost of token verification, compared with peers. */
export async function measureTokens(setup: Setup, rounds: number): Promise<Measurements> {
  process.stdout.write('signing tokens ...\n')
  const files = await writeTokens(setup)
  await startServers(setup)

  const rows = [
    { name: 'Fastify, no authentication', key: 'bare', path: '/api/public' },
    { name: 'Fastify with helmet and cors', key: 'helmet-cors', path: '/api/public' },
    { name: 'Gatehouse, public route', key: 'gatehouse', path: '/api/public' },
    { name: 'Gatehouse, known tokens', key: 'gatehouse', tokens: files.RS256.known },
    { name: 'Gatehouse, new tokens', key: 'gatehouse', tokens: files.RS256.new },
    { name: 'Smallest possible hook, known tokens', key: 'smallest', tokens: files.RS256.known },
    { name: 'Smallest possible hook, new tokens', key: 'smallest', tokens: files.RS256.new },
    ...['express', 'jose', 'get-jwks', 'fastify-jwt-jwks'].flatMap((key) => [
      { name: `${peers[key]}, known tokens`, key, tokens: files.RS256.known },
      { name: `${peers[key]}, new tokens`, key, tokens: files.RS256.new },
    ]),
    ...(['ES256', 'EdDSA'] as const).flatMap((algorithm) => [
      { name: `Gatehouse, new tokens, ${algorithm}`, key: 'gatehouse', tokens: files[algorithm].new },
      {
        name: `Smallest possible hook, new tokens, ${algorithm}`,
        key: `smallest-${algorithm}`,
        tokens: files[algorithm].new,
      },
      { name: `jose hook, new tokens, ${algorithm}`, key: `jose-${algorithm}`, tokens: files[algorithm].new },
    ]),
  ]
  const sent = new Map<string, number>()
  const measure = async ({ name, key, tokens, path = '/api/private' }: (typeof rows)[number]) => {
    const skipped = sent.get(name) ?? 0
    const figures = await setup.load(key, path, tokens ? { tokens, skipped } : {})
    sent.set(name, skipped + figures.requests)
    return figures
  }
  const figures = await inTurn(rows, rounds, measure, (some) => some.length >= WARM_UPS)
  await setup.stopServers()
  return { figures, wrk: setup.wrk, rounds }
}

async function startServers(setup: Setup) {
  const { issuer, environment } = setup
  const known = { ISSUER: issuer, AUDIENCE }
  await setup.start('bare', 'servers/bare.ts', known, '/api/public')
  await setup.start('helmet-cors', 'servers/helmet-cors.ts', known, '/api/public')
  await setup.start('smallest', 'servers/smallest.ts', known, '/api/private')
  const algorithms = { AUTH_ALGORITHMS: 'RS256,ES256,EdDSA' }
  await setup.start('gatehouse', GATEHOUSE, { ...environment, ...algorithms }, '/api/private')
  for (const key of Object.keys(peers)) await setup.start(key, `servers/${key}.ts`, known, '/api/private')
  for (const ALGORITHM of ['ES256', 'EdDSA']) {
    for (const key of ['jose', 'smallest'])
      await setup.start(`${key}-${ALGORITHM}`, `servers/${key}.ts`, { ...known, ALGORITHM }, '/api/private')
  }
}

async function writeTokens(setup: Setup) {
  const ofAlgorithm = async (algorithm: Algorithm) => {
    const tokens = await setup.makeTokens(algorithm, NEW)
    return {
      known: await setup.writeTokens(`${algorithm}-known`, tokens.slice(0, KNOWN)),
      new: await setup.writeTokens(`${algorithm}-new`, tokens),
    }
  }
  return {
    RS256: await ofAlgorithm('RS256'),
    ES256: await ofAlgorithm('ES256'),
    EdDSA: await ofAlgorithm('EdDSA'),
  }
}
