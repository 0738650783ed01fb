import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'

export const DEFAULT_LIMIT = 50

/** Query of routes that return lists. */
export const PageQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: `Maximum number of items; defaults to ${DEFAULT_LIMIT}`,
    }),
  ),
  cursor: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Start of the page, from the `Link` header of the previous page',
    }),
  ),
})

/** Links to the next page, if any (RFC 8288). The URL is relative, so that it is right behind any proxy. */
export function linkToNext(reply: FastifyReply, path: string, limit: number, next: number | undefined): void {
  if (next !== undefined) reply.header('link', `<${path}?limit=${limit}&cursor=${next}>; rel="next"`)
}
