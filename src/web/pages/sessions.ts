import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { redirectOnce } from '../login/redirect-once.ts'
import { requireSession } from '../login/sessions.ts'

/** The hash of a session, or all sessions but this one. */
const EndForm = Type.Object({ end: Type.String() })
const OTHERS = 'others'

/** The sessions of the user in all browsers. They belong to the web app, so the API has no part in this page. */
const pages: FastifyPluginAsyncTypebox = async (app) => {
  app.addToNavigation({ path: '/sessions', name: 'Sessions', position: 6, shownTo: 'users' })
  const { sessions } = app.login
  const preHandler = app.requiresLogin

  app.get('/sessions', { preHandler, schema: { hide: true } }, async (request, reply) =>
    reply.page('sessions', { sessions: await sessions.list(requireSession(request.session), Date.now()) }),
  )

  app.post('/sessions', { preHandler, schema: { hide: true, body: EndForm } }, async (request, reply) => {
    const session = requireSession(request.session)
    const { end } = request.body
    if (end === OTHERS) await sessions.endOthers(session)
    else await sessions.endOther(session, end)
    return redirectOnce(reply, '/sessions', 303)
  })
}

export default pages
