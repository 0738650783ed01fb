import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Algorithm, AUDIENCE, startIssuer, withForgedSignatures, withRandomKids } from './issuer.ts'
import { type Figures, load, requireWrk } from './load.ts'
import { writeReport } from './report.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import { measureStarts } from './starts.ts'

/** `npm run bench [-- --quick]`: prints ratios of rates taken in turn and writes docs/benchmarks.md. Linux, two cores. */
const isQuick = process.argv.includes('--quick')
const ROUNDS = isQuick ? 3 : 9
const SECONDS = 1
const CONNECTIONS = 32
const KNOWN = 100
const NEW = 20_000 // twice what Gatehouse remembers: when a token comes again, it has been forgotten

const peers: Record<string, string> = {
  express: 'express-oauth2-jwt-bearer',
  jose: 'jose hook',
  'get-jwks': '@fastify/jwt + get-jwks',
  'fastify-jwt-jwks': 'fastify-jwt-jwks',
}

const wrk = await requireWrk()
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
const { issuer, makeTokens, close } = await startIssuer()
const servers = new Map<string, ServerProcess>()
try {
  await main()
} finally {
  for (const server of servers.values()) await server.stop()
  close()
  await rm(folder, { recursive: true })
}

async function main() {
  process.stdout.write('signing tokens ...\n')
  const files = await writeTokens()
  await startServers()

  const rows = [
    { name: 'Fastify, no authentication', key: 'bare', path: '/api/public' },
    { name: 'Gatehouse, public route', key: 'gatehouse', path: '/api/public' },
    { name: 'Gatehouse, known tokens', key: 'gatehouse', tokens: files.RS256.known },
    { name: 'Gatehouse, new tokens', key: 'gatehouse', tokens: files.RS256.new },
    ...['express', 'jose', 'get-jwks', 'fastify-jwt-jwks'].flatMap((key) => [
      { name: `${peers[key]}, known tokens`, key, tokens: files.RS256.known },
      { name: `${peers[key]}, new tokens`, key, tokens: files.RS256.new },
    ]),
    ...(['ES256', 'EdDSA'] as const).flatMap((algorithm) => [
      { name: `Gatehouse, new tokens, ${algorithm}`, key: 'gatehouse', tokens: files[algorithm].new },
      { name: `jose hook, new tokens, ${algorithm}`, key: `jose-${algorithm}`, tokens: files[algorithm].new },
    ]),
  ]
  const rates = new Map<string, number[]>(rows.map(({ name }) => [name, []]))
  for (let round = -1; round < ROUNDS; round++) {
    // Round -1 warms up. The order turns with each round, so that no row always runs after the same one.
    const turned = rows.map((_, i) => rows[(i + Math.max(round, 0)) % rows.length] as (typeof rows)[number])
    for (const { name, key, tokens, path = '/api/private' } of turned) {
      const { requestsPerCpuSecond } = await loadServer(key, path, tokens)
      if (round >= 0) rates.get(name)?.push(requestsPerCpuSecond)
    }
    process.stdout.write(round < 0 ? 'warmed up\n' : `round ${round + 1} of ${ROUNDS}\n`)
  }
  const floods = await measureFloods(files)
  for (const server of servers.values()) await server.stop()
  servers.clear()
  const starts = await measureStarts(issuer, AUDIENCE, isQuick ? 3 : 9)
  await writeReport({
    rates,
    floods,
    starts,
    wrk,
    rounds: ROUNDS,
    seconds: SECONDS,
    connections: CONNECTIONS,
  })
}

async function startServers() {
  const start = async (key: string, script: string, environment = {}, path = '/api/private') => {
    servers.set(
      key,
      await startServer(
        join(import.meta.dirname, script),
        { ISSUER: issuer, AUDIENCE, ...environment },
        path,
      ),
    )
  }
  await start('bare', 'servers/bare.ts', {}, '/api/public')
  await start('gatehouse', '../src/server.ts', {
    AUTH0_DOMAIN: issuer,
    AUTH0_AUDIENCE: AUDIENCE,
    AUTH_ALGORITHMS: 'RS256,ES256,EdDSA',
    LOG_LEVEL: 'warn',
  })
  for (const key of Object.keys(peers)) await start(key, `servers/${key}.ts`)
  for (const ALGORITHM of ['ES256', 'EdDSA'])
    await start(`jose-${ALGORITHM}`, 'servers/jose.ts', { ALGORITHM })
}

function loadServer(key: string, path: string, tokens?: string, more: object = {}): Promise<Figures> {
  const { url, process } = servers.get(key) as ServerProcess
  const options = { url: `${url}${path}`, pid: process.pid ?? 0, seconds: SECONDS, connections: CONNECTIONS }
  return load({ ...options, ...(tokens ? { tokens } : {}), ...more })
}

/** The p99 of known tokens alone, and while as many connections send tokens that are refused. */
async function measureFloods(files: Awaited<ReturnType<typeof writeTokens>>) {
  const floods: Record<'alone' | 'good' | 'kids' | 'forged', number[]> = {
    alone: [],
    good: [],
    kids: [],
    forged: [],
  }
  const good = (connections: number) =>
    loadServer('gatehouse', '/api/private', files.RS256.known, { connections })
  const flooded = async (tokens: string) => {
    const connections = CONNECTIONS / 2
    const flood = loadServer('gatehouse', '/api/private', tokens, { connections, expectsRefusals: true })
    const [{ p99Ms }] = await Promise.all([good(connections), flood])
    return p99Ms
  }
  for (let round = 0; round < ROUNDS; round++) {
    floods.alone.push((await good(CONNECTIONS / 2)).p99Ms)
    floods.good.push(await flooded(files.RS256.known))
    floods.kids.push(await flooded(files.kids))
    floods.forged.push(await flooded(files.forged))
  }
  return floods
}

async function writeTokens() {
  const write = async (name: string, tokens: readonly string[]) => {
    const file = join(folder, name)
    await writeFile(file, `${tokens.join('\n')}\n`)
    return file
  }
  const ofAlgorithm = async (algorithm: Algorithm) => {
    const tokens = await makeTokens(algorithm, NEW)
    return {
      known: await write(`${algorithm}-known`, tokens.slice(0, KNOWN)),
      new: await write(`${algorithm}-new`, tokens),
      tokens,
    }
  }
  const RS256 = await ofAlgorithm('RS256')
  return {
    RS256,
    ES256: await ofAlgorithm('ES256'),
    EdDSA: await ofAlgorithm('EdDSA'),
    kids: await write('kids', withRandomKids(RS256.tokens.slice(0, 10_000))),
    forged: await write('forged', withForgedSignatures(RS256.tokens.slice(0, 10_000))),
  }
}
