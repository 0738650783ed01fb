import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Login } from './index.ts'
import { loginPath } from './return-to.ts'
import { type RequiredLogin, STEP_UP_MAX_AGE_MS, type StepUp } from './step-up.ts'

/**
 * Remembers which login a page requires.
 *
 * @param now milliseconds since the epoch
 * @returns address of this login, which returns to the page
 */
export function beginStepUp(
  login: Login,
  reply: FastifyReply,
  page: string,
  required: RequiredLogin,
  now: number,
  maxAgeMs = STEP_UP_MAX_AGE_MS,
): string {
  remember(login, reply, { page, required, isDone: false }, now, maxAgeMs)
  return loginPath(page)
}

/** Remembers that the user has logged in as the page requires. */
export function finishStepUp(
  login: Login,
  reply: FastifyReply,
  page: string,
  required: RequiredLogin,
  now: number,
): void {
  remember(login, reply, { page, required, isDone: true }, now, STEP_UP_MAX_AGE_MS)
}

function remember(
  { stepUps, cookies }: Login,
  reply: FastifyReply,
  stepUp: Omit<StepUp, 'expiresAt'>,
  now: number,
  maxAgeMs: number,
): void {
  const value = stepUps.seal({ ...stepUp, expiresAt: now + maxAgeMs })
  reply.setCookie(stepUps.cookieName, value, cookies.lasting(maxAgeMs))
}

/** Whether the user returns from the login that the page required. Another one in a row would be a loop. */
export function takeStepUp(
  { stepUps, cookies }: Login,
  request: FastifyRequest,
  reply: FastifyReply,
  page: string | undefined,
  now: number,
): boolean {
  const stepUp = stepUps.find(request.cookies, page, now)
  if (stepUp) reply.clearCookie(stepUps.cookieName, cookies.options)
  return stepUp?.isDone === true
}
