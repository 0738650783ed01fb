import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type AppOptions, app } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { serverOptions } from '../../src/server-options.ts'
import { AUDIENCE, type TestIssuer } from './issuer.ts'

export interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

export type TestApp = FastifyInstance & { logLines: LogLine[] }

const ERROR_LEVEL = 50

export interface BuildOptions {
  environment?: Record<string, string>
  routes?: AppOptions['routes']
  /** Adds routes or hooks to the app before it is ready. */
  extend?: (instance: FastifyInstance) => void | Promise<void>
  /** Overrides time-outs that are too long for tests. */
  times?: Pick<
    FastifyHttpOptions<Server>,
    'connectionTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'http'
  >
  /** Whether requests are rejected under overload. A busy machine overloads processes that run many tests, too. */
  rejectsOverload?: boolean
  /** Whether the test causes errors in the log on purpose. */
  expectsErrors?: boolean
}

/** Builds the real application and closes it after the test, which fails if an unexpected error was logged. */
export async function buildApp(
  t: Test,
  issuer: Pick<TestIssuer, 'url'>,
  options: BuildOptions = {},
): Promise<TestApp> {
  const config = loadConfig({
    AUTH0_DOMAIN: issuer.url,
    AUTH0_AUDIENCE: AUDIENCE,
    DATABASE_URL: 'file::memory:',
    ...options.environment,
  })
  const log: LogLine[] = []
  const base = { ...serverOptions(config), ...options.times }
  const logger = { ...base.logger, stream: { write: (line: string) => log.push(JSON.parse(line)) } }
  const instance: FastifyInstance = Fastify({ ...base, logger })
  t.teardown(async () => {
    await instance.close()
    const errors = log.filter(({ level }) => level >= ERROR_LEVEL)
    if (errors.length > 0 && !options.expectsErrors) throw new Error(`logged: ${JSON.stringify(errors)}`)
  })
  await instance.register(app, {
    config,
    maxEventLoopDelayMs: options.rejectsOverload ? undefined : Number.POSITIVE_INFINITY,
    ...(options.routes ? { routes: options.routes } : {}),
  })
  await options.extend?.(instance)
  await instance.ready()
  return Object.assign(instance, { logLines: log })
}

/**
 * Builds the application and listens on a free port. Waits for the first download of each key set, whether it succeeds or fails:
 * tests change what an issuer does, and would race with it.
 */
export async function listen(
  t: Test,
  issuer: Pick<TestIssuer, 'url'>,
  options: BuildOptions = {},
): Promise<TestApp & { url: string }> {
  const instance = await buildApp(t, issuer, options)
  const url = await instance.listen({ port: 0 })
  const keySets = [...instance.issuers.values()].map(({ keySet }) => keySet)
  while (keySets.some(({ fetches: { ok, failed } }) => ok + failed === 0)) await delay(5)
  return Object.assign(instance, { url })
}

/** The last parameter of challenges of an application without `PUBLIC_URL` and `BASE_URL`. */
export const METADATA = 'resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource"'

/** Challenge of the scheme DPoP beside that of a bearer token that was rejected (RFC 9449, section 7.1). */
export const DPOP_OFFER = `DPoP realm="api", algs="ES256 EdDSA RS256", ${METADATA}`

export function bearer(token: string) {
  return { authorization: `Bearer ${token}` }
}
