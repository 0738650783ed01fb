import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/**
 * Parses the id in a path. Text that is not an id is treated like the id of a missing resource.
 *
 * @throws {ServiceError} 404
 */
export function toId(text: string): number {
  const id = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(id)) return id
  throw new ServiceError(httpErrors.notFound, { detail: 'the id is not a number' })
}

/** @throws {ServiceError} 404 */
export function orNotFound<T>(resource: T | undefined): T {
  if (resource !== undefined) return resource
  throw new ServiceError(httpErrors.notFound, {
    detail: 'the resource does not exist, or belongs to another user',
  })
}
