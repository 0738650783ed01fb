import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { storeErrors } from '../../plugins/store/index.ts'
import { AuditEntry, listActions } from '../../plugins/store/tables/audit-log.ts'

const MAX_ENTRIES = 100

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/audit',
    {
      config: { errors: [storeErrors.unavailable] },
      preHandler: app.requiresScope('read:audit'),
      schema: {
        operationId: 'listActions',
        tags: app.documentTag('audit', 'Actions of callers on users.', 'last'),
        summary: 'List the last actions',
        description: `Lists the last ${MAX_ENTRIES} actions on users of the caller’s issuer, newest first. They are kept for 90 days.`,
        response: { 200: Type.Array(AuditEntry, { description: 'The last actions' }) },
      },
    },
    async ({ token }) => listActions(app.store, token.issuer, MAX_ENTRIES, Date.now()),
  )
}

export default routes
