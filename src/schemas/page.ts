import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

export const DEFAULT_LIMIT = 50

/** For `querystring`. */
export const PageQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: `How many; ${DEFAULT_LIMIT} unless told` }),
  ),
  cursor: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Where the page starts, as the `Link` header of the page before has it',
    }),
  ),
})

/** Says where the next page is (RFC 8288), if there is one: relative, so that it holds behind any proxy. */
export function linkToNext(reply: FastifyReply, path: string, limit: number, next: number | undefined): void {
  if (next !== undefined) reply.header('link', `<${path}?limit=${limit}&cursor=${next}>; rel="next"`)
}
