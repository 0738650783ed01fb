import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { guardErrors } from './errors.ts'
import type { GuardedRequest } from './evaluate.ts'
import { type Check, makeGuard } from './guard.ts'

/** Decides about a request whose params, query and body are valid. Only `true` accepts it. */
export type Decide = (request: GuardedRequest) => boolean | Promise<boolean>

export interface AuthorizeOptions {
  /** Whether a rejected request gets 404. Default: only on routes with a parameter, which may name a resource. */
  readonly hide?: boolean
}

const hiding = new WeakMap<Check, boolean | undefined>()

/** Makes a preHandler that follows a guard and asks the route itself. An error of `decide` rejects the request, too. */
export function authorize(decide: Decide, { hide }: AuthorizeOptions = {}): Check {
  if (typeof decide !== 'function') throw new TypeError('app.authorize needs a function that decides')
  const name = decide.name || 'the route'
  const check = makeGuard({ kind: 'authorization', required: [name] }, async (request) => {
    if ((await decide(request as GuardedRequest)) === true) return
    const isHidden = rejectionStatus(check, request.routeOptions.url as string) === 404
    const error = isHidden ? httpErrors.notFound : guardErrors.forbidden
    throw new ServiceError(error, { detail: `rejected by ${name}` })
  })
  hiding.set(check, hide)
  return check
}

/** Status of the response to a rejected request on a route with this path. */
export function rejectionStatus(check: Check, path: string): 403 | 404 {
  return (hiding.get(check) ?? hasParameter(path)) ? 404 : 403
}

/** `::` is a colon in find-my-way, not a parameter. */
function hasParameter(path: string): boolean {
  return /[:*]/.test(path.replaceAll('::', ''))
}
