import type { FastifyPluginAsync, FastifyReply, FastifyRequest, onErrorAsyncHookHandler } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { toServiceError } from '../../errors/send.ts'
import { clientAddress } from '../../http/client-address.ts'
import { networkOf } from '../../http/network.ts'
import { isLoggedOut } from '../../plugins/store/tables/logout.ts'
import { isFirstUse } from '../../plugins/store/tables/replay-guard.ts'
import { registerUser } from '../../plugins/store/tables/users.ts'
import { toProfile } from '../../plugins/users/index.ts'
import { toText } from '../../schemas/text.ts'
import { toAccount } from '../login/account.ts'
import { browserFamily } from '../login/browser-family.ts'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { loginErrors } from '../login/errors.ts'
import { ExchangeQuota } from '../login/exchange-quota.ts'
import type { LoginResult } from '../login/issuer-client.ts'
import { type LoginTransaction, TRANSACTION_MAX_AGE_MS } from '../login/login-transactions.ts'
import { assertOrganization } from '../login/organization.ts'
import { redirectOnce } from '../login/redirect-once.ts'
import { SESSION_MAX_AGE_MS } from '../login/sessions.ts'
import { assertLogin } from '../login/step-up.ts'
import { finishStepUp } from '../login/step-up-cookie.ts'

const DEFAULT_RETURN_TO = '/profile'
const MAX_SID_LENGTH = 2_000
const MAX_ERROR_LENGTH = 500
const EMPTY_PROFILE = { email: null, emailVerified: null, name: null, picture: null }

/** The end of a login: the issuer redirects the browser here. */
const pages: FastifyPluginAsync = async (app) => {
  const { issuer, transactions, sessions, cookies } = app.login
  const quota = new ExchangeQuota()
  // No HEAD: it would use up the state of a callback
  const options = {
    config: { public: true, ignoresPrefetch: true as const },
    schema: { hide: true },
    exposeHeadRoute: false,
  }

  app.get('/callback', { ...options, onError: countFailure }, async (request, reply) => {
    const { state } = request.query as Record<string, unknown>
    const transaction = transactions.find(request.cookies, state, Date.now())
    if (!transaction) {
      if (state === undefined) rejectError(request.query as Record<string, unknown>)
      return goOn(request, reply, 'no cookie for this state, or it is expired')
    }
    const requestedAt = Date.now()
    const network = networkOf(clientAddress(request))
    const result = await quota.run(network, performance.now(), async () => {
      reply.clearCookie(transactions.cookieName(transaction.state), cookies.options)
      const isFirst = await isFirstUse(app.store, `login ${transaction.state}`, transaction.expiresAt)
      return isFirst
        ? issuer.exchange(request.url.slice(request.url.indexOf('?') + 1), transaction)
        : undefined
    })
    if (!result) return goOn(request, reply, 'the state was already used', transaction.returnTo)

    const { returnTo = DEFAULT_RETURN_TO, required, organization } = transaction
    assertOrganization(result.claims, organization)
    if (required) {
      assertLogin(result.claims, required, app.config.AUTH_CLOCK_TOLERANCE_SECONDS, Date.now() / 1000)
      finishStepUp(app.login, reply, returnTo, required, Date.now())
    }
    const browser = browserFamily(request.headers['user-agent'])
    const id = await beginSession(result, requestedAt, transaction, browser)
    if (request.session) await sessions.end(request.session, 'replaced')
    reply.setCookie(cookies.name(SESSION_COOKIE), id, cookies.lasting(SESSION_MAX_AGE_MS))
    app.events?.loginEnded('succeeded')
    return redirectOnce(reply, returnTo)
  })

  /** Registers the user and begins a session, unless the issuer has ended it since the login started. */
  async function beginSession(
    { claims, tokens }: LoginResult,
    requestedAt: number,
    { organization, expiresAt }: LoginTransaction,
    browser: string,
  ): Promise<string> {
    const account = toAccount(claims)
    if (app.config.LOGIN_REQUIRE_VERIFIED_EMAIL && account.email_verified !== true)
      throw new ServiceError(loginErrors.emailNotVerified, {
        detail: `email_verified of ${claims.sub} is not true`,
      })
    const sid = toText(claims.sid, MAX_SID_LENGTH)
    const identity = { issuer: app.config.LOGIN_ISSUER, subject: claims.sub }
    const { user } = await registerUser(app.store, identity, toProfile(claims) ?? EMPTY_PROFILE, requestedAt)
    app.userCache.forget(identity)
    const { accessToken, grants, lifetimeMs, refreshToken, idToken } = tokens
    const accessTokenExpiresAt = lifetimeMs && requestedAt + lifetimeMs
    const id = await sessions.begin(
      {
        account,
        authTime: claims.auth_time,
        organization,
        browser,
        accessToken,
        grants,
        accessTokenExpiresAt,
        refreshToken,
        idToken,
      },
      { user: user.id, sid: sid ?? null },
      Date.now(),
    )
    const startedAt = expiresAt - TRANSACTION_MAX_AGE_MS
    if (!(await isLoggedOut(app.store, { ...identity, sid }, startedAt))) return id
    await sessions.discard(id, 'issuer')
    throw new ServiceError(loginErrors.failed, { detail: 'the issuer ended the session during the login' })
  }
}

export default pages

const countFailure: onErrorAsyncHookHandler = async ({ server }, _reply, error) => {
  const { code, statusCode } = toServiceError(error)
  const isFailed = code === loginErrors.failed.code || code === loginErrors.emailNotVerified.code
  if (isFailed) server.events?.loginEnded('failed')
  if (statusCode >= 500) server.events?.loginEnded('unavailable')
}

/**
 * Shows an error of the issuer that belongs to no login (RFC 6749, section 4.1.2.1), such as one of a link in an email.
 *
 * @throws {ServiceError} 400 if the query names an error
 */
function rejectError({ error, error_description }: Record<string, unknown>): void {
  const code = toText(error, MAX_ERROR_LENGTH)
  if (code === undefined) return
  const detail = [code, toText(error_description, MAX_ERROR_LENGTH) ?? []].flat().join(', ')
  throw new ServiceError(loginErrors.denied, { detail })
}

/**
 * Responds to a callback without a login in progress, such as one that is loaded again. Users who are logged in continue.
 *
 * @throws {ServiceError} 400 without a session
 */
function goOn(
  { session }: FastifyRequest,
  reply: FastifyReply,
  detail: string,
  returnTo = DEFAULT_RETURN_TO,
) {
  if (!session) throw new ServiceError(loginErrors.unknownTransaction, { detail })
  return redirectOnce(reply, returnTo)
}
