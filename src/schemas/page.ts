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

/** `headers` of the response of routes that return lists. */
export const pageHeaders = {
  Link: Type.String({
    description:
      'URL of the next page, as in `</things?limit=50&cursor=50>; rel="next"`; absent on the last page',
  }),
}

/** Links to the next page, if any (RFC 8288). The URL is relative, so that it is right behind any proxy. */
export function linkToNext(
  reply: FastifyReply,
  path: string,
  limit: number,
  next: number | undefined,
  search?: string,
): void {
  if (next === undefined) return
  const query = `limit=${limit}&cursor=${next}${search === undefined ? '' : `&search=${encodeURIComponent(search)}`}`
  reply.header('link', `<${path}?${query}>; rel="next"`)
}
