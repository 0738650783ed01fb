import type { FastifyInstance, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config/index.ts'
import type { Issuer } from '../../plugins/auth/index.ts'
import { makeGuard } from '../../plugins/guards/index.ts'
import { AccessTokens } from './access-tokens.ts'
import type { Account } from './account.ts'
import { ClientTokens } from './client-tokens.ts'
import { clientAuthOf } from './configuration.ts'
import { Cookies, SESSION_COOKIE } from './cookies.ts'
import { readGrants } from './grants.ts'
import { IssuerClient } from './issuer-client.ts'
import { LoginTransactions } from './login-transactions.ts'
import { redirectOnce } from './redirect-once.ts'
import { loginPath } from './return-to.ts'
import { type Session, Sessions } from './sessions.ts'
import { StepUps } from './step-up.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Login to the web app. */
    login: Login
    /** `onRequest` hook of pages that sets `request.session` and `request.account`. */
    findSession: onRequestHookHandler
    /** Guard of pages: requires a session. Redirects other browsers to the login and back. */
    requiresLogin: preHandlerHookHandler
  }
  interface FastifyRequest {
    /** Session of the browser. Null without one, and on routes that are not pages. */
    session: Session | null
    /** Account of the session. */
    account: Account | null
  }
}

export interface Login {
  readonly issuer: IssuerClient
  readonly transactions: LoginTransactions
  readonly stepUps: StepUps
  readonly sessions: Sessions
  readonly accessTokens: AccessTokens
  readonly cookies: Cookies
  readonly clientTokens: ClientTokens
}

/** Decorates the application with login and sessions. */
export default fp(
  async (app) => {
    const login = makeLogin(app)
    app.decorateRequest('session', null)
    app.decorateRequest('account', null)
    app.decorate('login', login)
    app.decorate('findSession', async (request) => {
      const id = request.cookies[login.cookies.name(SESSION_COOKIE)]
      if (id === undefined) return
      request.session = (await login.sessions.find(id, Date.now())) ?? null
      request.account = request.session?.contents.account ?? null
    })
    app.decorate(
      'requiresLogin',
      makeGuard({ kind: 'session', required: [] }, (request, reply, done) => {
        if (request.session) done()
        else redirectOnce(reply, loginPath(request.url))
      }),
    )
  },
  { name: 'login', dependencies: ['env', 'auth', 'guards', 'store'] },
)

/** Several issuers may be trusted by the API; users log in at one. */
function makeLogin({ config, store, verifier, issuers, events }: FastifyInstance): Login {
  const { AUTH0_CLIENT_ID: clientId, SESSION_SECRET } = webAppConfig(config)
  const issuerName = config.LOGIN_ISSUER
  const { metadata } = issuers.get(issuerName) as Issuer
  const cookies = new Cookies(config.BASE_URL)
  const sessions = new Sessions(store, SESSION_SECRET, events)
  const clientTokens = new ClientTokens(verifier, issuerName, clientId)
  const issuer = new IssuerClient({
    issuer: issuerName,
    discovery: () => metadata.get(Date.now()),
    metadata,
    clientId,
    clientAuth: clientAuthOf(config.AUTH0_CLIENT_SECRET, config.AUTH0_CLIENT_KEY),
    request: {
      scope: config.LOGIN_SCOPE,
      parameters: config.LOGIN_AUTHORIZATION_PARAMS,
      audience: config.LOGIN_AUDIENCE,
    },
    baseUrl: config.BASE_URL,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
    readGrants: (token) => readGrants(verifier, token, Date.now()),
    verifyIdToken: (token) => clientTokens.verifyIdToken(token, Date.now()),
  })
  const accessTokens = new AccessTokens({
    sessions,
    refresh: (refreshToken, subject) => issuer.refresh(refreshToken, subject),
    clock: () => Date.now(),
  })
  const transactions = new LoginTransactions(SESSION_SECRET, (suffix) => cookies.name(suffix))
  const stepUps = new StepUps(SESSION_SECRET, cookies.name('step-up'))
  return { issuer, transactions, stepUps, sessions, accessTokens, cookies, clientTokens }
}

/** The configuration with the variables of the web app: loadConfig accepts all three or none, and app.ts asks which. */
function webAppConfig(config: Config) {
  type Name = 'AUTH0_CLIENT_ID' | 'SESSION_SECRET'
  return config as Config & Required<Pick<Config, Name>>
}
