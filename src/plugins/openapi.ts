import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import packageJson from '../../package.json' with { type: 'json' }
import type { Issuer } from './auth/index.ts'

/** Serves `GET /openapi.json`: OpenAPI 3.1, generated from the schemas and guards of the routes. */
export default fp(
  async (app) => {
    const { metadata } = [...app.issuers.values()][0] as Issuer
    const securitySchemes = {
      token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      issuer: { type: 'openIdConnect', openIdConnectUrl: metadata.url },
    } as const
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'Gatehouse', version: packageJson.version, description: packageJson.description },
        components: { securitySchemes },
      },
      refResolver: { buildLocalReference: ({ $id }) => $id as string },
    })

    app.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, async (request) => {
      const servers = [{ url: `${request.protocol}://${request.host}` }] // the address of this request
      const document = { ...app.swagger(), servers }
      try {
        const flows = toFlows(app, await metadata.get(Date.now()))
        return withScheme(document, { type: 'oauth2', flows })
      } catch (error) {
        request.log.warn(
          { issuer: metadata.issuer, err: error },
          'discovery document not fetched; the document links to it instead of describing the login',
        )
        return document
      }
    })
  },
  { name: 'openapi', dependencies: ['env', 'guards', 'rate-limit'] },
)

/** The OAuth flows of the issuer, from its discovery document. */
function toFlows(app: FastifyInstance, discovery: Record<string, unknown>) {
  const [audience = ''] = app.config.AUTH0_AUDIENCE
  const names = app.routeTable.flatMap(({ guards }) => guards.flatMap(({ required }) => required))
  const scopes = Object.fromEntries(['openid', ...names].map((name) => [name, '']))
  const tokenUrl = discovery.token_endpoint
  // Without `audience` Auth0 issues an opaque token that is not for the API
  const authorizationUrl = `${discovery.authorization_endpoint}?${new URLSearchParams({ audience })}`
  const common = {
    tokenUrl,
    scopes,
    'x-scalar-credentials-location': 'body',
    'x-scalar-security-body': { audience },
  }
  return {
    authorizationCode: { ...common, authorizationUrl, 'x-usePkce': 'SHA-256' },
    clientCredentials: common,
    password: common,
  }
}

function withScheme(document: object, issuer: object) {
  const { components, ...rest } = document as { components: { securitySchemes: object } }
  return {
    ...rest,
    components: { ...components, securitySchemes: { ...components.securitySchemes, issuer } },
  }
}
