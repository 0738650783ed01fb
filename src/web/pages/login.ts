import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { isFirstUse } from '../../plugins/store/tables/replay-guard.ts'
import { registerUser } from '../../plugins/store/tables/users.ts'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { loginErrors } from '../login/errors.ts'
import type { SignIn } from '../login/issuer-client.ts'
import { ATTEMPT_MS } from '../login/login-transactions.ts'
import { localPath } from '../login/return-to.ts'
import { MAX_AGE_MS } from '../login/sessions.ts'
import { toAccount, toText } from '../login/tokens.ts'

/** Where somebody goes who did not say where they were going. */
const AFTER_LOG_IN = '/profile'

/** Signing in and signing up, at the issuer and back. */
const pages: FastifyPluginAsync = async (app) => {
  const { issuer, attempts, sessions, cookies } = app.login
  const [issuerName = ''] = app.config.AUTH0_DOMAIN
  // No HEAD: whoever wants to know whether there is such a page has not come back from the issuer
  const options = { config: { public: true }, schema: { hide: true }, exposeHeadRoute: false }

  for (const [path, isSignUp] of [
    ['/login', false],
    ['/signup', true],
  ] as const) {
    app.get(path, options, async (request, reply) => {
      const { returnTo } = request.query as Record<string, unknown>
      const attempt = attempts.begin(localPath(returnTo, app.config.BASE_URL), Date.now())
      const url = await issuer.authorizationUrl(attempt, isSignUp)
      for (const name of attempts.superfluous(request.cookies)) reply.clearCookie(name, cookies.options)
      const { name, value } = attempts.toCookie(attempt)
      reply.setCookie(name, value, { ...cookies.options, maxAge: ATTEMPT_MS / 1000 })
      return leave(reply, url)
    })
  }

  app.get('/callback', options, async (request, reply) => {
    const { state } = request.query as Record<string, unknown>
    const attempt = attempts.find(request.cookies, state, Date.now())
    if (!attempt)
      throw new ServiceError(loginErrors.unknownTransaction, {
        detail: 'no cookie for this state, or it is too old',
      })
    reply.clearCookie(attempts.cookieName(attempt.state), cookies.options)
    if (!(await isFirstUse(app.store, `log-in ${attempt.state}`, attempt.expiresAt)))
      throw new ServiceError(loginErrors.unknownTransaction, { detail: 'the state was used before' })

    const askedAt = Date.now()
    const query = request.url.slice(request.url.indexOf('?') + 1)
    const id = await begin(await issuer.exchange(query, attempt), askedAt)
    if (request.session) await sessions.end(request.session)
    reply.setCookie(cookies.name(SESSION_COOKIE), id, { ...cookies.options, maxAge: MAX_AGE_MS / 1000 })
    return leave(reply, attempt.returnTo ?? AFTER_LOG_IN)
  })

  /** The person becomes known, if they are not, and their session begins. */
  async function begin({ claims, tokens }: SignIn, askedAt: number): Promise<string> {
    const account = toAccount(claims)
    const identity = { issuer: issuerName, subject: account.sub }
    const profile = {
      email: account.email ?? null,
      emailVerified: account.email_verified ?? null,
      name: account.name ?? null,
      picture: account.picture ?? null,
    }
    const { user } = await registerUser(app.store, identity, profile, askedAt)
    app.userCache.forget(identity)
    const { accessToken, lifetimeMs, refreshToken, idToken } = tokens
    const accessTokenExpiresAt = lifetimeMs && askedAt + lifetimeMs
    return sessions.begin(
      { account, accessToken, accessTokenExpiresAt, refreshToken, idToken },
      { user: user.id, sid: toText(claims.sid) ?? null },
      Date.now(),
    )
  }
}

export default pages

/** Not to be kept: the address is good for one browser, once. */
function leave(reply: FastifyReply, url: string) {
  return reply.header('cache-control', 'no-store').redirect(url)
}
