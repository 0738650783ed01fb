import type { FastifyInstance, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { makeGuard } from '../../plugins/guards/index.ts'
import type { Store } from '../../plugins/store/index.ts'
import {
  createSession,
  deleteSession,
  findSession,
  leaseSession,
  prolongSession,
  releaseSession,
  replaceContents,
} from '../../plugins/store/tables/sessions.ts'
import { AccessTokens } from './access-tokens.ts'
import type { Account } from './account.ts'
import { ClientTokens } from './client-tokens.ts'
import { Cookies, SESSION_COOKIE } from './cookies.ts'
import type { IssuerClient } from './issuer-client.ts'
import type { Attempts } from './login-transactions.ts'
import { logInPath } from './return-to.ts'
import { type Session, type SessionStore, Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** How people sign in to the web app; there when it is on. */
    login: Login
    /** The `onRequest` hook of pages: who is looking at them? */
    findSession: onRequestHookHandler
    /** Guard of pages: somebody who has signed in. Others are sent to do so, and come back. */
    requiresSignIn: preHandlerHookHandler
  }
  interface FastifyRequest {
    /** Of whoever has signed in to the web app; null on routes that are no pages. */
    session: Session | null
    /** Who has signed in to the web app. */
    account: Account | null
  }
}

export interface Login {
  readonly issuer: IssuerClient
  readonly attempts: Attempts
  readonly sessions: Sessions
  readonly accessTokens: AccessTokens
  readonly cookies: Cookies
  readonly clientTokens: ClientTokens
}

/** Who has signed in to the web app? */
export default fp(
  async (app) => {
    app.decorateRequest('session', null)
    app.decorateRequest('account', null)
    const login = await makeLogin(app)
    if (!login) return

    app.decorate('login', login)
    app.decorate('findSession', async (request) => {
      const id = request.cookies[login.cookies.name(SESSION_COOKIE)]
      if (id === undefined) return
      request.session = (await login.sessions.find(id, Date.now())) ?? null
      request.account = request.session?.contents.account ?? null
    })
    app.decorate(
      'requiresSignIn',
      makeGuard({ kind: 'session', required: [] }, (request, reply, done) => {
        if (request.session) done()
        else reply.header('cache-control', 'no-store').redirect(logInPath(request.url))
      }),
    )
  },
  { name: 'login', dependencies: ['env', 'auth', 'guards', 'store'] },
)

/** Several issuers may call the API; people sign in at the first. */
async function makeLogin({ config, store, verifier }: FastifyInstance): Promise<Login | undefined> {
  const { AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, SESSION_SECRET } = config
  if (!AUTH0_CLIENT_ID || !AUTH0_CLIENT_SECRET || !SESSION_SECRET) return undefined
  // openid-client costs time at start, so only here
  const [{ Attempts }, { IssuerClient }] = await Promise.all([
    import('./login-transactions.ts'),
    import('./issuer-client.ts'),
  ])
  const cookies = new Cookies(config.BASE_URL)
  const sessions = new Sessions(keepIn(store), SESSION_SECRET)
  const issuerName = config.AUTH0_DOMAIN[0] as string
  const clientTokens = new ClientTokens(verifier, issuerName, AUTH0_CLIENT_ID)
  const issuer = new IssuerClient({
    issuer: issuerName,
    clientId: AUTH0_CLIENT_ID,
    clientSecret: AUTH0_CLIENT_SECRET,
    audience: config.AUTH0_AUDIENCE[0] as string,
    baseUrl: config.BASE_URL,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
    verifyIdToken: (token) => clientTokens.verifyIdToken(token, Date.now()),
  })
  const accessTokens = new AccessTokens({
    sessions,
    refresh: (refreshToken, subject) => issuer.refresh(refreshToken, subject),
    clock: () => Date.now(),
  })
  const attempts = new Attempts(SESSION_SECRET, (suffix) => cookies.name(suffix))
  return { issuer, attempts, sessions, accessTokens, cookies, clientTokens }
}

function keepIn(store: Store): SessionStore {
  return {
    create: (session) => createSession(store, session),
    find: (idHash, now) => findSession(store, idHash, now),
    prolong: (idHash, expiresAt) => prolongSession(store, idHash, expiresAt),
    delete: (idHash) => deleteSession(store, idHash),
    lease: (session, until, now) => leaseSession(store, session, until, now),
    release: (session) => releaseSession(store, session),
    replace: (session, contents) => replaceContents(store, session, contents),
  }
}
