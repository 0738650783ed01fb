import type { FastifyReply, FastifyRequest } from 'fastify'
import { logError } from '../errors/send.ts'
import { redirectOnce } from './login/redirect-once.ts'
import { localPath } from './login/return-to.ts'
import type { StepUpRequired } from './login/step-up.ts'
import { beginStepUp } from './login/step-up-cookie.ts'

/** Time to read the page before the user follows its link to the login. */
const FORM_MAX_AGE_MS = 600_000

/**
 * Responds when the API requires a stronger or more recent login (RFC 9470): a page redirects to the login and back, once.
 * A redirect would lose a form, so its response shows what was sent and links to the login.
 *
 * @returns undefined if the error has to be shown
 */
export function sendStepUp(
  error: StepUpRequired,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  const { login, config } = request.server
  const page = localPath(request.url, config.BASE_URL)
  if (page === undefined) return undefined
  if (request.method !== 'POST') {
    if (request.isSteppedUp) return undefined
    return redirectOnce(reply, beginStepUp(login, reply, page, error.required, Date.now()))
  }
  logError(request, error)
  return reply.code(error.statusCode).page('error', {
    statusCode: error.statusCode,
    code: error.code,
    heading: 'Log in again to do this',
    explanation:
      'The API requires a stronger or more recent login for this form. Nothing was changed. Log in again, then send the form once more.',
    login: beginStepUp(login, reply, page, error.required, Date.now(), FORM_MAX_AGE_MS),
    sent: JSON.stringify(request.body, null, 2),
  })
}
