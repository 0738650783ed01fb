import { Type } from 'typebox'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** Parameters of a path with the ID of a resource. Text that is not an ID is treated like the ID of a missing resource. */
export const IdParams = Type.Object({
  id: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'ID of the resource',
    examples: [1],
  }),
})

/** @throws {ServiceError} 404 */
export function orNotFound<T>(resource: T | undefined): T {
  if (resource !== undefined) return resource
  throw new ServiceError(httpErrors.notFound, {
    detail: 'the resource does not exist, or belongs to another user',
  })
}
