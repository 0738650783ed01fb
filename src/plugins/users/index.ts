import type { preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { requireToken } from '../auth/index.ts'
import { makeDependent, type Provides } from '../guards/index.ts'
import type { User } from '../store/tables/user.ts'
import { UserCache } from './user-cache.ts'
import { mayHaveProfile, Userinfo } from './userinfo.ts'

export { toProfile } from './profile.ts'

type LoadUser = preHandlerHookHandler & Provides<{ user: User }>

declare module 'fastify' {
  interface FastifyInstance {
    /** `preHandler` that loads the caller into `request.user`. Must follow a guard. */
    loadUser: LoadUser
    /** Users who called recently. */
    userCache: UserCache
  }
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    /** Type of `request.user`; null unless the route uses `app.loadUser`. */
    user: User | null
  }
}

/** Maps verified tokens to users. The first call of a route with `app.loadUser` creates the user. */
export default fp(
  async (app) => {
    const users = new UserCache(app.store, app.config.USER_CACHE_MAX)
    const userinfo = new Userinfo({
      issuers: app.issuers,
      onFailure: (issuer, error) => {
        app.log.warn({ issuer, err: error }, 'profile not available from the issuer; retried later')
        app.events?.userinfoFailed(issuer)
      },
    })

    app.decorateRequest('user', null)
    app.decorate('userCache', users)
    const loadUser: preHandlerHookHandler = (request, _reply, done) => {
      // `app.optionalToken` has accepted a request without a token
      if (request.token === null && request.routeOptions.config.isTokenOptional) return done()
      const token = requireToken(request.token)
      const now = Date.now()
      const authorization = request.headers.authorization as string // present, because there is a token
      const lookUp = mayHaveProfile(token) ? () => userinfo.lookUp(token, authorization, now) : undefined
      const accept = (user: User) => {
        request.user = user
        done()
      }
      const user = users.load(token, lookUp, now)
      // Most callers are cached, and synchronous completion is cheaper
      if (user instanceof Promise) user.then(accept, done)
      else accept(user)
    }
    app.decorate('loadUser', makeDependent('app.loadUser', loadUser as LoadUser))
    app.addHook('onError', async (request, _reply, error) => {
      if (error.code === 'user_deleted' && request.user) users.forget(request.user)
    })
  },
  { name: 'users', dependencies: ['env', 'auth', 'guards', 'store'] },
)
