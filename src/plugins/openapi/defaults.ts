import type { RouteEntry } from '../guards/index.ts'

export interface Documentation {
  operationId?: string
  tags?: string[]
  summary?: string
  description?: string
  responses: Record<string, { description: string }>
}

export interface Tag {
  name: string
  description: string
}

/** Documents an operation as far as the schema of its route does not, so that every operation can be found and generated. */
export function addDefaults(operation: Documentation, { method, path }: RouteEntry, who: string): void {
  operation.operationId ??= toOperationId(method, path)
  operation.tags ??= [toTag(path)]
  operation.summary ??= `${method} ${path}`
  operation.description ??= `Callers: ${who}.`
  const hasSuccess = Object.keys(operation.responses).some((status) => status.startsWith('2'))
  if (!hasSuccess) operation.responses[200] = { description: 'OK' }
}

/** Describes the tags that no route has described. */
export function completeTags(tags: readonly Tag[], operations: readonly Documentation[]): Tag[] {
  const used = new Set(operations.flatMap(({ tags = [] }) => tags))
  const missing = [...used].filter((name) => !tags.some((tag) => tag.name === name))
  return [...tags, ...missing.map((name) => ({ name, description: `Routes of ${name}.` }))]
}

/** `GET /things/:id` is `getThingsId`. */
function toOperationId(method: string, path: string): string {
  const words = path.split(/\W+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return method.toLowerCase() + words.join('')
}

/** `/api/things/:id` belongs to `things`. */
function toTag(path: string): string {
  const [, name = 'service'] = /^\/(?:api\/)?(\w[\w-]*)/.exec(path) ?? []
  return name
}
