import { STATUS_CODES } from 'node:http'
import type { RouteOptions } from 'fastify'
import { type ErrorDefinition, httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { describeGuards, type RouteEntry } from '../guards/index.ts'
import { addDefaults, completeTags, type Documentation, type Tag } from './defaults.ts'
import { headers, headersFor } from './headers.ts'
import { hoistSchemas } from './hoist-schemas.ts'
import { errorsOf, generalErrors } from './route-errors.ts'

interface OpenApiResponse {
  description: string
  headers?: object
  content?: object
}

interface Operation extends Documentation {
  responses: Record<string, OpenApiResponse>
}

interface ObjectSchema {
  properties: Record<string, object>
}

export interface OpenApiDocument {
  tags: Tag[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, object>
    headers?: object
    examples?: object
    securitySchemes?: object
  }
}

/** Adds to a generated document: errors with examples, headers, named schemas, and what the routes do not document. */
export function completeDocument(
  document: OpenApiDocument,
  routes: readonly RouteOptions[],
  table: readonly RouteEntry[],
): OpenApiDocument {
  const documented = routes.flatMap((route) => {
    const operations = document.paths[toPath(route.url)] ?? {} // absent if hidden
    return [route.method].flat().flatMap((method) => {
      const shared = operations[method.toLowerCase()]
      if (shared === undefined) return []
      const operation = structuredClone(shared) // one object for all methods of a route
      operations[method.toLowerCase()] = operation
      const entry = table.find((entry) => entry.method === method && entry.path === route.url) as RouteEntry
      addDefaults(operation, entry, describeGuards(entry.guards))
      return [{ route, operation, errors: errorsOf(route, method, entry.guards) }]
    })
  })
  const names = nameErrors([...documented.flatMap(({ errors }) => errors), ...generalErrors])
  for (const { route, operation, errors } of documented) {
    addErrors(operation, errors, names)
    addHeaders(operation, route.config?.rateLimit === false)
  }
  const { schemas, ...components } = document.components
  const named = { ...schemas, Error: withCodes(schemas.Error as ObjectSchema, names) }
  const paths = hoistSchemas(document.paths, named)
  const examples = toExamples(names)
  const tags = completeTags(
    document.tags,
    documented.map(({ operation }) => operation),
  )
  return { ...document, tags, paths, components: { ...components, headers, examples, schemas: named } }
}

function toPath(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

function addErrors({ responses }: Operation, errors: readonly ErrorDefinition[], names: Names) {
  for (const [status, group] of Map.groupBy(errors, ({ statusCode }) => statusCode)) {
    const description = responses[status]?.description ?? toSentence(group)
    responses[status] = { description, content: errorContent(group, names) }
  }
  responses.default = { description: 'Any other error', content: errorContent(generalErrors, names) }
}

function toSentence(definitions: readonly ErrorDefinition[]): string {
  return [...new Set(definitions.map(({ message }) => message))].join('; ')
}

function errorContent(definitions: readonly ErrorDefinition[], names: Names) {
  const examples = Object.fromEntries(
    definitions.map((definition) => {
      const name = names.get(definition) as string
      return [name, { $ref: `#/components/examples/${name}` }]
    }),
  )
  return { 'application/json': { schema: { $ref: '#/components/schemas/Error' }, examples } }
}

type Names = ReadonlyMap<ErrorDefinition, string>

/** Names each error by its code; several errors with one code are numbered. */
function nameErrors(definitions: Iterable<ErrorDefinition>): Names {
  const groups = Map.groupBy(new Set(definitions), ({ code }) => code)
  return new Map(
    [...groups].flatMap(([code, group]) =>
      group.map((definition, i) => [definition, i === 0 ? code : `${code}_${i + 1}`] as const),
    ),
  )
}

function toExamples(names: Names) {
  const validation = [{ field: 'limit', message: 'must be integer' }]
  const examples = [...names].map(([definition, name]) => {
    const isField = definition.code === httpErrors.validationFailed.code
    const { body } = new ServiceError(definition, isField ? { validation } : {})
    return [name, { summary: definition.message, value: body }]
  })
  return Object.fromEntries(examples)
}

function addHeaders({ responses }: Operation, isProbe: boolean) {
  for (const [status, response] of Object.entries(responses)) {
    response.headers = { ...response.headers, ...headersFor(status, isProbe) }
    if (response.description === 'Default Response') response.description = String(STATUS_CODES[status])
  }
}

function withCodes({ properties, ...schema }: ObjectSchema, names: Names) {
  const codes = [...new Set([...names.keys()].map(({ code }) => code))].sort()
  return { ...schema, properties: { ...properties, code: { ...properties.code, enum: codes } } }
}
