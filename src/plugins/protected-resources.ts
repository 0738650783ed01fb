import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import { serviceTitle } from '../http/service.ts'
import { ROOT } from './auth/index.ts'
import { metadataPath, scopesOf } from './guards/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Declares a protected resource (RFC 9728): the routes below the path accept tokens for it only. Call it before the
     * routes are declared.
     *
     * @param path from the root of the service, whatever the prefix of the scope
     */
    protectedResource: (path: string, options: ProtectedResourceOptions) => void
  }
}

export interface ProtectedResourceOptions {
  /** For the users of clients. */
  readonly name: string
  /** Accepted values of `aud`. Default: the identifier of the resource, `PUBLIC_URL` and the path. */
  readonly audiences?: readonly string[]
}

const Metadata = Type.Object(
  {
    resource: Type.String({ format: 'uri' }),
    authorization_servers: Type.Optional(Type.Array(Type.String({ format: 'uri' }))),
    scopes_supported: Type.Optional(Type.Array(Type.String())),
    bearer_methods_supported: Type.Array(Type.Literal('header')),
    dpop_signing_alg_values_supported: Type.Optional(Type.Array(Type.String())),
    dpop_bound_access_tokens_required: Type.Optional(Type.Literal(true)),
    tls_client_certificate_bound_access_tokens: Type.Optional(Type.Literal(true)),
    resource_name: Type.String(),
    resource_documentation: Type.Optional(Type.String({ format: 'uri' })),
  },
  { title: 'ProtectedResourceMetadata', description: 'Metadata of a protected resource (RFC 9728)' },
)

/**
 * Serves the metadata of protected resources, by which clients find the issuers and the scopes to request. Everything comes
 * from the configuration and the guards, so that neither the `Host` header nor an issuer that is down changes it.
 */
const protectedResources: FastifyPluginAsyncTypebox = async (app) => {
  const { PUBLIC_URL, LOGIN_ISSUER, DOCS, CLIENT_CERT_HEADER } = app.config
  const binding = {
    ...(app.dpop ? { dpop_signing_alg_values_supported: [...app.dpop.algorithms] } : {}),
    ...(app.dpop?.isRequired ? { dpop_bound_access_tokens_required: true as const } : {}),
    ...(CLIENT_CERT_HEADER ? { tls_client_certificate_bound_access_tokens: true as const } : {}),
  }
  const tags = app.documentTag('metadata', 'Metadata for clients.', 'last')
  // An issuer for every tenant of a provider has no identifier of its own
  const issuers = [...new Set([LOGIN_ISSUER, ...app.issuers.keys()])].filter(
    (name) => !name.includes('{tid}'),
  )

  const describe = (path: string, name: string) => {
    const routes = app.routeTable.filter((route) => app.resources.pathOf(route.path) === path)
    const scopes = [...new Set(routes.flatMap(({ guards }) => scopesOf(guards)))].sort()
    return {
      resource: identify(path),
      // RFC 9728, section 3.2: empty lists must be omitted
      ...(issuers.length > 0 ? { authorization_servers: issuers } : {}),
      ...(scopes.length > 0 ? { scopes_supported: scopes } : {}),
      bearer_methods_supported: ['header' as const],
      ...binding,
      resource_name: name,
      ...(DOCS === 'on' ? { resource_documentation: `${PUBLIC_URL}/docs` } : {}),
    }
  }
  const identify = (path: string) => `${PUBLIC_URL}${path === ROOT ? '' : path}`
  const serve = (path: string, name: string) => {
    let metadata: ReturnType<typeof describe> | undefined
    for (const url of locationsOf(identify(path), metadataPath(path))) {
      app.get(
        url,
        {
          config: { public: true, cors: false },
          schema: {
            tags,
            summary: `Get the metadata of ${name}`,
            description: 'Tells clients which issuers and scopes the resource accepts (RFC 9728).',
            response: { 200: Metadata },
          },
        },
        async (_request, reply) => {
          metadata ??= describe(path, name)
          reply.headers({ 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' })
          return metadata
        },
      )
    }
  }

  app.decorate('protectedResource', (path, { name, audiences = [identify(path)] }) => {
    app.resources.declare({ path, audiences })
    serve(path, name)
  })
  serve(ROOT, serviceTitle)
}

export default fp(protectedResources, {
  name: 'protected-resources',
  dependencies: ['env', 'guards', 'openapi', 'rate-limit'],
})

/**
 * Paths of a document: below the public URL, and where clients look without a challenge (RFC 9728, section 3.1), which
 * differs behind a proxy that removes a path.
 */
function locationsOf(identifier: string, path: string): string[] {
  const { pathname } = new URL(identifier)
  return [...new Set([path, metadataPath(pathname)])]
}
