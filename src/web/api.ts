import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { define, type FieldFault, ServiceError } from '../errors/catalogue.ts'
import { isObject, readText } from '../http/fetch-json.ts'
import { type ApiCall, apiAddress, fetchApi } from './api-message.ts'
import { redirectOnce } from './login/redirect-once.ts'
import { localPath, loginPath } from './login/return-to.ts'
import { requireSession } from './login/sessions.ts'
import { parseChallenge, StepUpRequired } from './login/step-up.ts'
import { takeStepUp } from './login/step-up-cookie.ts'

/** Errors of the pages that call the API. */
export const apiErrors = {
  apiUnavailable: define('api_unavailable', 503, 'The API cannot be reached'),
}

export interface ApiResponse<T> {
  readonly body: T
  /** Cursor of the next page of a list; undefined on the last page. */
  readonly next: number | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `preHandler` after `app.requiresLogin` that sets `request.accessToken`, or redirects to the login. */
    loadAccessToken: preHandlerAsyncHookHandler
    /**
     * Calls the API as the user of the page.
     *
     * @throws {ServiceError} the error of the API with its status and `validation`, or 503 `api_unavailable`
     * @throws {StepUpRequired} if the API requires another login
     */
    callApi: <T>(request: FastifyRequest, path: string, call?: ApiCall) => Promise<ApiResponse<T>>
  }
  interface FastifyRequest {
    /** Access token of the session. Null unless the page uses `app.loadAccessToken`. */
    accessToken: string | null
    /** Whether the user returns from a login that the API required for this page, which uses `app.loadAccessToken`. */
    isSteppedUp: boolean
  }
}

/** Lets pages call the API with the access token of the session. */
export default fp(
  async (app) => {
    app.decorateRequest('accessToken', null)
    app.decorateRequest('isSteppedUp', false)
    app.decorate('loadAccessToken', async (request, reply) => {
      const token = await app.login.accessTokens.of(requireSession(request.session))
      if (token === undefined) return redirectOnce(reply, loginPath(request.url))
      request.accessToken = token
      const page = localPath(request.url, app.config.BASE_URL)
      request.isSteppedUp = takeStepUp(app.login, request, reply, page, Date.now())
    })
    const api = apiAddress(app.config)
    app.decorate('callApi', async <T>({ accessToken }: FastifyRequest, path: string, call: ApiCall = {}) => {
      const { status, text, link, challenge } = await send(`${api}${path}`, accessToken, call)
      const body = parse(text)
      if (status < 400) return { body: body as T, next: nextCursor(link) }
      throw toError(status, body, challenge, `${call.method ?? 'GET'} ${path}: ${status}`)
    })
  },
  { name: 'api', dependencies: ['env', 'login'] },
)

async function send(url: string, accessToken: string | null, call: ApiCall) {
  try {
    const response = await fetchApi(url, accessToken as string, call) // app.loadAccessToken has set it
    return {
      status: response.status,
      text: await readText(response),
      link: response.headers.get('link') ?? '',
      challenge: response.headers.get('www-authenticate') ?? '',
    }
  } catch (cause) {
    throw new ServiceError(apiErrors.apiUnavailable, { detail: 'no response', cause })
  }
}

/** @throws {ServiceError} 503 if the text is not JSON */
function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch (cause) {
    throw new ServiceError(apiErrors.apiUnavailable, { detail: 'the response is not JSON', cause })
  }
}

/** A failure of the API is not a failure of the web app, so its status is 503. */
function toError(status: number, body: unknown, challenge: string, detail: string): ServiceError {
  const { code, message, validation } = isObject(body) ? body : {}
  if (status >= 500 || typeof code !== 'string' || typeof message !== 'string')
    return new ServiceError(apiErrors.apiUnavailable, { detail })
  const required = parseChallenge(challenge)
  if (required) return new StepUpRequired(define(code, status, message), required, { detail })
  const faults = Array.isArray(validation) ? (validation as FieldFault[]) : []
  return new ServiceError(define(code, status, message), { detail, validation: faults })
}

/** Reads the cursor in the `Link` header of a list (src/schemas/page.ts). */
function nextCursor(link: string): number | undefined {
  const [, cursor] = /[?&]cursor=(\d+)[^>]*>; rel="next"/.exec(link) ?? []
  return cursor === undefined ? undefined : Number(cursor)
}
