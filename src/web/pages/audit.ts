import type { FastifyPluginAsync } from 'fastify'
import type { AuditEntry } from '../../plugins/store/tables/audit-log.ts'

/** The last actions on users. */
const pages: FastifyPluginAsync = async (app) => {
  app.addToNavigation({ path: '/admin/audit', name: 'Audit', position: 8, shownTo: { grant: 'read:audit' } })
  app.get(
    '/admin/audit',
    { preHandler: [app.requiresLogin, app.loadAccessToken], schema: { hide: true } },
    async (request, reply) => {
      const { body: entries } = await app.callApi<AuditEntry[]>(request, '/api/audit')
      return reply.page('audit', { entries })
    },
  )
}

export default pages
