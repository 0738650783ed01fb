import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import packageJson from '../../../package.json' with { type: 'json' }
import type { ErrorDefinition } from '../../errors/catalogue.ts'
import { serviceTitle, serviceVersion } from '../../http/service.ts'
import { StaticAsset } from '../../http/static-asset.ts'
import type { Issuer } from '../auth/index.ts'
import { scopesOf } from '../guards/index.ts'
import { completeDocument, type OpenApiDocument } from './complete-document.ts'
import { description } from './description.ts'
import { tokenSchemes, withTokenSchemes } from './token-schemes.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Errors of the handler for the OpenAPI document. Those of guards, input and limits are added. */
    errors?: readonly ErrorDefinition[]
  }
}

/** A tag of the document, which groups operations. */
export interface Tag {
  name: string
  description: string
}

/** Serves `GET /openapi.json`: OpenAPI 3.1, generated from the schemas and guards of the routes. */
export default fp<{ tags: Tag[] }>(
  async (app, { tags }) => {
    const { metadata } = app.issuers.get(app.config.LOGIN_ISSUER) as Issuer
    const routes: RouteOptions[] = []
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: serviceTitle,
          version: serviceVersion,
          summary: packageJson.description,
          description,
          license: { name: packageJson.license, identifier: packageJson.license },
        },
        servers: [{ url: serverUrl(app) }],
        tags,
        components: {
          securitySchemes: {
            ...tokenSchemes(app.config.DPOP),
            issuer: { type: 'openIdConnect', openIdConnectUrl: metadata.url },
          },
        },
      },
      stripBasePath: false,
      refResolver: { buildLocalReference: ({ $id }) => $id as string },
      transform: ({ schema, url, route }) => {
        routes.push(route)
        return { schema: withTokenSchemes(schema, app.config.DPOP), url }
      },
      transformObject: (document) => {
        const { openapiObject } = document as { openapiObject: OpenApiDocument }
        return completeDocument(openapiObject, routes, app.routeTable)
      },
    })

    // A document of 100 KB takes milliseconds to serialize, so it is done once for each discovery document
    const assets = new WeakMap<object, Promise<StaticAsset>>()
    app.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const discovery = await metadata.get(Date.now()).catch((error) => {
        request.log.warn(
          { issuer: metadata.issuer, err: error },
          'discovery document not fetched; the document links to it instead of describing the login',
        )
        return UNREACHABLE
      })
      const asset = assets.get(discovery) ?? createAsset(app, discovery)
      assets.set(discovery, asset)
      return (await asset).send(request, reply, 'no-cache')
    })
  },
  { name: 'openapi-document' },
)

/** In place of the discovery document of an issuer that cannot be reached. */
const UNREACHABLE = {}

function createAsset(app: FastifyInstance, discovery: Record<string, unknown>): Promise<StaticAsset> {
  const document = app.swagger()
  const complete =
    discovery === UNREACHABLE
      ? document
      : withScheme(document, { type: 'oauth2', flows: toFlows(app, discovery) })
  return StaticAsset.create(JSON.stringify(complete), 'application/json; charset=utf-8')
}

/** The public address if the operator has set one, otherwise relative. Headers of the request do not count. */
function serverUrl({ config: { PUBLIC_URL, PORT } }: FastifyInstance): string {
  return PUBLIC_URL === `http://localhost:${PORT}` ? '/' : PUBLIC_URL
}

/** The OAuth flows of the issuer, from its discovery document. */
function toFlows(app: FastifyInstance, discovery: Record<string, unknown>) {
  const { LOGIN_AUDIENCE: audience = '' } = app.config
  const names = app.routeTable.flatMap(({ guards }) => scopesOf(guards))
  const scopes = Object.fromEntries(['openid', ...names].map((name) => [name, '']))
  const tokenUrl = discovery.token_endpoint
  // Without `audience` Auth0 issues an opaque token that is not for the API
  const authorizationUrl = `${discovery.authorization_endpoint}?${new URLSearchParams({ audience })}`
  return {
    authorizationCode: { authorizationUrl, tokenUrl, scopes },
    clientCredentials: { tokenUrl, scopes },
    password: { tokenUrl, scopes },
  }
}

function withScheme(document: object, issuer: object) {
  const { components, ...rest } = document as { components: { securitySchemes: object } }
  return {
    ...rest,
    components: { ...components, securitySchemes: { ...components.securitySchemes, issuer } },
  }
}
