import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import type { Config } from './config/index.ts'
import { sendError } from './errors/send.ts'
import { serviceName, serviceVersion } from './http/service.ts'
import auth, { type AuthOptions } from './plugins/auth/index.ts'
import guards from './plugins/guards/index.ts'

export interface AppOptions {
  config: Config
  /** Folder of the route files. Default: `src/routes`. */
  routes?: string
  /** Mean event loop delay above which requests are rejected. Default: 250. */
  maxEventLoopDelayMs?: number | undefined
}

/** The application as a plugin: loads the plugins, then the routes. */
export const app = fp<AppOptions>(async (instance, options) => {
  // First, so that the guards check the routes of all other plugins
  await instance.register(auth, authOptions(options.config))
  await instance.register(guards, { publicUrl: options.config.PUBLIC_URL })
  await instance.register(autoload, {
    dir: `${import.meta.dirname}/plugins`,
    maxDepth: 1,
    ignorePattern: /^(auth|guards)$/,
    options: { config: options.config, maxEventLoopDelayMs: options.maxEventLoopDelayMs },
  })
  await instance.register(autoload, { dir: options.routes ?? `${import.meta.dirname}/routes` })
  // part: web-app
  if (options.config.AUTH0_CLIENT_ID !== undefined) {
    await instance.register(import('./web/index.ts'))
    return // its pages include `/`
  }
  // end
  await instance.register(apiOnly)
})

export function authOptions(config: Config): AuthOptions {
  return {
    issuers: config.ISSUERS,
    algorithms: config.AUTH_ALGORITHMS,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
    maxStaleHours: config.JWKS_MAX_STALE_HOURS,
    maxCachedTokens: config.TOKEN_CACHE_MAX,
    maxTokenLifetimeSeconds: config.MAX_TOKEN_LIFETIME_SECONDS,
    dpop: dpopOptions(config),
    clientCertificate: clientCertificateOptions(config),
  }
}

function dpopOptions({ DPOP: mode, ...config }: Config): AuthOptions['dpop'] {
  if (mode === 'disabled') return undefined
  return {
    mode,
    algorithms: config.DPOP_ALGORITHMS,
    maxAgeSeconds: config.DPOP_PROOF_MAX_AGE_SECONDS,
    nonce: config.DPOP_NONCE,
    nonceSecrets: config.DPOP_NONCE_SECRET,
    publicUrls: config.PUBLIC_URLS,
  }
}

function clientCertificateOptions(config: Config): AuthOptions['clientCertificate'] {
  const { CLIENT_CERT_HEADER: header, TRUST_PROXY } = config
  return header && { header, trustedProxies: TRUST_PROXY as Exclude<typeof TRUST_PROXY, false> }
}

const Home = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    links: Type.Object({
      docs: Type.Optional(Type.String()),
      openapi: Type.Optional(Type.String()),
      health: Type.String(),
    }),
  },
  { title: 'Home', description: 'Name, version and links' },
)

/** Responds to `/` and to requests without a route, in JSON. */
const apiOnly = fp(async (instance: FastifyInstance) => {
  instance.setNotFoundHandler((request, reply) => sendError(reply, instance.unroutedError(request)))
  const docs = instance.config.DOCS === 'on' ? { docs: '/docs', openapi: '/openapi.json' } : {}
  instance.get(
    '/',
    {
      config: { public: true },
      schema: {
        operationId: 'getHome',
        tags: instance.documentTag('service', 'The service itself.', 'last'),
        summary: 'Get name, version and links',
        description: 'Names the service, its version and its documentation.',
        response: { 200: Home },
      },
    },
    async () => ({
      name: serviceName,
      version: serviceVersion,
      links: { ...docs, health: '/readyz' },
    }),
  )
})
