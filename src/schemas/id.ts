import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/**
 * The number in a path. Text that cannot be one names nothing, as a number that nothing has.
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
  throw new ServiceError(httpErrors.notFound, { detail: 'no such id, or it is not the caller’s' })
}
