import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { isLoggedOut } from '../../plugins/store/tables/logout.ts'
import { isFirstUse } from '../../plugins/store/tables/replay-guard.ts'
import { registerUser } from '../../plugins/store/tables/users.ts'
import { toProfile } from '../../plugins/users/index.ts'
import { toText } from '../../schemas/text.ts'
import { toAccount } from '../login/account.ts'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { loginErrors } from '../login/errors.ts'
import type { LoginResult } from '../login/issuer-client.ts'
import { TRANSACTION_MAX_AGE_MS } from '../login/login-transactions.ts'
import { localPath } from '../login/return-to.ts'
import { SESSION_MAX_AGE_MS } from '../login/sessions.ts'

const DEFAULT_RETURN_TO = '/profile'
const MAX_SID_LENGTH = 2_000
const EMPTY_PROFILE = { email: null, emailVerified: null, name: null, picture: null }

/** Login and sign-up: to the issuer and back. */
const pages: FastifyPluginAsync = async (app) => {
  const { issuer, transactions, sessions, cookies } = app.login
  const [issuerName = ''] = app.config.AUTH0_DOMAIN
  // No HEAD: it would use up the state of a callback
  const options = { config: { public: true }, schema: { hide: true }, exposeHeadRoute: false }

  for (const [path, isSignUp] of [
    ['/login', false],
    ['/signup', true],
  ] as const) {
    app.get(path, options, async (request, reply) => {
      const { returnTo } = request.query as Record<string, unknown>
      const transaction = transactions.begin(localPath(returnTo, app.config.BASE_URL), Date.now())
      const url = await issuer.authorizationUrl(transaction, isSignUp)
      for (const name of transactions.superfluous(request.cookies)) reply.clearCookie(name, cookies.options)
      const { name, value } = transactions.toCookie(transaction)
      reply.setCookie(name, value, { ...cookies.options, maxAge: TRANSACTION_MAX_AGE_MS / 1000 })
      return redirect(reply, url)
    })
  }

  app.get('/callback', options, async (request, reply) => {
    const { state } = request.query as Record<string, unknown>
    const transaction = transactions.find(request.cookies, state, Date.now())
    if (!transaction)
      throw new ServiceError(loginErrors.unknownTransaction, {
        detail: 'no cookie for this state, or it is expired',
      })
    reply.clearCookie(transactions.cookieName(transaction.state), cookies.options)
    if (!(await isFirstUse(app.store, `login ${transaction.state}`, transaction.expiresAt)))
      throw new ServiceError(loginErrors.unknownTransaction, { detail: 'the state was already used' })

    const requestedAt = Date.now()
    const query = request.url.slice(request.url.indexOf('?') + 1)
    const result = await issuer.exchange(query, transaction)
    const id = await beginSession(result, requestedAt, transaction.expiresAt - TRANSACTION_MAX_AGE_MS)
    if (request.session) await sessions.end(request.session)
    reply.setCookie(cookies.name(SESSION_COOKIE), id, {
      ...cookies.options,
      maxAge: SESSION_MAX_AGE_MS / 1000,
    })
    return redirect(reply, transaction.returnTo ?? DEFAULT_RETURN_TO)
  })

  /** Registers the user and begins a session, unless the issuer has ended it since the login started. */
  async function beginSession(
    { claims, tokens }: LoginResult,
    requestedAt: number,
    startedAt: number,
  ): Promise<string> {
    const sid = toText(claims.sid, MAX_SID_LENGTH)
    const identity = { issuer: issuerName, subject: claims.sub }
    const { user } = await registerUser(app.store, identity, toProfile(claims) ?? EMPTY_PROFILE, requestedAt)
    app.userCache.forget(identity)
    const { accessToken, lifetimeMs, refreshToken, idToken } = tokens
    const accessTokenExpiresAt = lifetimeMs && requestedAt + lifetimeMs
    const id = await sessions.begin(
      { account: toAccount(claims), accessToken, accessTokenExpiresAt, refreshToken, idToken },
      { user: user.id, sid: sid ?? null },
      Date.now(),
    )
    if (!(await isLoggedOut(app.store, { ...identity, sid }, startedAt))) return id
    await sessions.discard(id)
    throw new ServiceError(loginErrors.failed, { detail: 'the issuer ended the session during the login' })
  }
}

export default pages

/** Redirects without caching: the target is for one browser, once. */
function redirect(reply: FastifyReply, url: string) {
  return reply.header('cache-control', 'no-store').redirect(url)
}
