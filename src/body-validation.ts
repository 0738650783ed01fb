import AjvCompiler, { type BuildCompilerFromPool, type RouteDefinition } from '@fastify/ajv-compiler'

const build = AjvCompiler.default()

/**
 * Fastify's own validation, but for one thing: a body is taken at its word, so the number 5 is no title. Paths and
 * queries are nothing but text, and numbers are read from it.
 */
export const buildValidator: BuildCompilerFromPool = (schemas, options) => {
  const literal = { ...options, customOptions: { ...options?.customOptions, coerceTypes: false } }
  const forBodies = build(schemas, literal as typeof options)
  // `?limit=1e999` is read as Infinity, which the strict mode takes for no number and holds to no maximum
  const read = { ...options, customOptions: { ...options?.customOptions, strictNumbers: false } }
  const forOthers = build(schemas, read as typeof options)
  // A route's part with its schema, and not the schema, as the package's types have it
  return (route) => ((route as RouteDefinition).httpPart === 'body' ? forBodies(route) : forOthers(route))
}
