import type { FastifyReply } from 'fastify'
import t from 'tap'
import { linkToNext } from '../../src/schemas/page.ts'

t.test('the Link header has the next page, if any (RFC 8288)', async (t) => {
  const headers: Record<string, string> = {}
  const header = (name: string, value: string) => {
    headers[name] = value
  }
  const reply = { header } as unknown as FastifyReply
  linkToNext(reply, '/things', 20, undefined)
  t.strictSame(headers, {})
  linkToNext(reply, '/things', 20, 35)
  t.strictSame(headers, { link: '</things?limit=20&cursor=35>; rel="next"' })
})
