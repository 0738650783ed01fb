import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { orNotFound } from '../schemas/id.ts'
import { requireToken } from './auth/index.ts'
import type { Store } from './store/index.ts'
import { type AuditAction, recordAction } from './store/tables/audit-log.ts'
import type { User } from './store/tables/user.ts'
import { findUser } from './store/tables/users.ts'

/** Performs an action on a user. Returns undefined if the user does not exist any more. */
type Perform<T> = (store: Store, user: User) => Promise<T | undefined>

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Performs an action of the caller on a user of the same issuer, and records it in the audit log and the log: both or
     * neither. Must follow a guard.
     *
     * @throws {ServiceError} 404
     */
    audited: <T>(request: FastifyRequest, action: AuditAction, id: number, perform: Perform<T>) => Promise<T>
  }
}

/** Records which caller did what to which user. */
export default fp(
  async (app) => {
    app.decorate(
      'audited',
      async <T>(request: FastifyRequest, action: AuditAction, id: number, perform: Perform<T>) => {
        const { issuer, subject: actor } = requireToken(request.token)
        const result = await app.store.transaction().execute(async (transaction) => {
          const user = await findUser(transaction, issuer, id)
          const done = user && (await perform(transaction, user))
          if (done !== undefined)
            await recordAction(transaction, { actor, action, user: user as User }, Date.now())
          return done
        })
        const done = orNotFound(result)
        request.log.info({ actor, action, user: id }, 'audit')
        return done
      },
    )
  },
  { name: 'audit', dependencies: ['auth', 'store'] },
)
