/**
 * Replaces each schema that has a `title` by a reference, so that generated clients have types with names.
 *
 * @param schemas receives the schemas by their titles
 */
export function hoistSchemas<T>(node: T, schemas: Record<string, object>): T {
  if (Array.isArray(node)) return node.map((item) => hoistSchemas(item, schemas)) as T
  if (node === null || typeof node !== 'object') return node
  const entries = Object.entries(node).map(([key, value]) => [key, hoistSchemas(value, schemas)])
  const { title, ...schema } = Object.fromEntries(entries)
  if (typeof title !== 'string' || !('type' in schema)) return Object.fromEntries(entries)
  schemas[title] = schema
  return { $ref: `#/components/schemas/${title}` } as T
}
