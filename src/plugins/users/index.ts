import type { preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { requireToken } from '../auth/index.ts'
import type { User } from '../store/tables/user.ts'
import { UserCache } from './user-cache.ts'
import { mayHaveProfile, Userinfo } from './userinfo.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** For `preHandler`, after the guard: who is calling, as a person the service knows: `request.user`. */
    loadUser: preHandlerHookHandler
    /** The people who called lately. */
    userCache: UserCache
  }
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    /** The type of `request.user`: null unless the route asks for `app.loadUser`. */
    user: User | null
  }
}

/** Who is calling, to us? A person is created when they first call a route that needs to know them. */
export default fp(
  async (app) => {
    const users = new UserCache(app.store)
    const userinfo = new Userinfo({
      issuers: app.issuers,
      onFailure: (issuer, error) =>
        app.log.warn({ issuer, err: error }, 'no profile from the issuer; it is asked again later'),
    })

    app.decorateRequest('user', null)
    app.decorate('userCache', users)
    app.decorate('loadUser', (request, _reply, done) => {
      const token = requireToken(request.token)
      const now = Date.now()
      const authorization = request.headers.authorization as string // or there were no token
      const lookUp = mayHaveProfile(token) ? () => userinfo.lookUp(token, authorization, now) : undefined
      const accept = (user: User) => {
        request.user = user
        done()
      }
      const user = users.load(token, lookUp, now)
      // No promise where none is needed: most people were here a moment ago
      if (user instanceof Promise) user.then(accept, done)
      else accept(user)
    })
    app.addHook('onError', async (request, _reply, error) => {
      if (error.code === 'user_deleted' && request.user) users.forget(request.user)
    })
  },
  { name: 'users', dependencies: ['auth', 'store'] },
)
