import { Sealer } from '../../crypto/sealer.ts'
import { type ErrorDefinition, type ErrorOptions, ServiceError } from '../../errors/catalogue.ts'
import { serviceName } from '../../http/service.ts'
import { tokenErrors } from '../../plugins/auth/index.ts'
import { loginErrors } from './errors.ts'
import type { IdTokenClaims } from './tokens.ts'

/** Login that a page or its API requires (RFC 9470, section 4). */
export interface RequiredLogin {
  /** Authentication context classes separated by spaces, of which one suffices. */
  readonly acrValues?: string
  /** Maximum age in seconds. */
  readonly maxAge?: number
}

/** The API requires another login. */
export class StepUpRequired extends ServiceError {
  readonly required: RequiredLogin

  constructor(definition: ErrorDefinition, required: RequiredLogin, options: ErrorOptions) {
    super(definition, options)
    this.required = required
  }
}

/** Short enough that the cookies of several login transactions fit in a request. */
const ACR_VALUES = /^(?=.{1,256}$)[!#-[\]-~]+( [!#-[\]-~]+)*$/
const MAX_AGE = /^\d{1,9}$/
const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/g

/** Reads the `WWW-Authenticate` header of an API. Undefined unless it requires another login and says which. */
export function parseChallenge(header: string): RequiredLogin | undefined {
  const parameters = new Map(
    [...header.matchAll(PARAMETER)].map(([, name, quoted, token]) => [name, quoted ?? token]),
  )
  if (parameters.get('error') !== tokenErrors.insufficientAuthentication.code) return undefined
  const [acrValues = '', maxAge = ''] = [parameters.get('acr_values'), parameters.get('max_age')]
  const required = {
    ...(ACR_VALUES.test(acrValues) ? { acrValues } : {}),
    ...(MAX_AGE.test(maxAge) ? { maxAge: Number(maxAge) } : {}),
  }
  return Object.keys(required).length > 0 ? required : undefined
}

/** Whether the login was at most `maxAge` seconds ago. A missing time does not prove it. */
export function isRecent(authTime: number | undefined, maxAge: number, nowSeconds: number): boolean {
  return authTime !== undefined && Math.abs(nowSeconds - authTime) <= maxAge
}

/**
 * Checks the ID token of a login that a page required (OpenID Connect Core 1.0, 3.1.3.7): the issuer may ignore `acr_values`.
 *
 * @throws {ServiceError} 400
 */
export function assertLogin(
  { acr, auth_time }: IdTokenClaims,
  { acrValues, maxAge }: RequiredLogin,
  toleranceSeconds: number,
  nowSeconds: number,
): void {
  const hasClass = acrValues === undefined || (typeof acr === 'string' && acrValues.split(' ').includes(acr))
  const hasAge = maxAge === undefined || isRecent(auth_time, maxAge + toleranceSeconds, nowSeconds)
  if (hasClass && hasAge) return
  const detail = hasClass ? 'auth_time is missing or too old' : 'acr is missing or not one of the required'
  throw new ServiceError(loginErrors.otherLevel, { detail })
}

/** Longer than the redirects between the page and the login. */
export const STEP_UP_MAX_AGE_MS = 60_000

/** A page that requires another login, or to which the user returns from one. */
export interface StepUp {
  readonly page: string
  readonly required: RequiredLogin
  /** Whether the user has logged in as required. */
  readonly isDone: boolean
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** The step-up in progress, in a sealed cookie of the browser: a link cannot choose the parameters of a login. */
export class StepUps {
  readonly cookieName: string
  readonly #sealer: Sealer

  constructor(secrets: readonly string[], cookieName: string) {
    this.cookieName = cookieName
    this.#sealer = new Sealer(secrets, `${serviceName} step-up`)
  }

  /** Makes the value of the cookie. */
  seal(stepUp: StepUp): string {
    return this.#sealer.seal(stepUp, this.cookieName)
  }

  /** Finds the step-up of a page. */
  find(cookies: Cookies, page: string | undefined, now: number): StepUp | undefined {
    const sealed = cookies[this.cookieName]
    const stepUp = sealed && (this.#sealer.open(sealed, this.cookieName) as StepUp | undefined)
    return stepUp && stepUp.page === page && now < stepUp.expiresAt ? stepUp : undefined
  }
}

type Cookies = Readonly<Record<string, string | undefined>>
