import t from 'tap'
import { startWithIssuer } from '../helpers/web-issuer.ts'

t.test('a method that a page does not have is a page to browsers, and JSON to other clients', async (t) => {
  const { app } = await startWithIssuer(t)
  const request = { method: 'GET', url: '/backchannel-logout' } as const
  const page = await app.inject({ ...request, headers: { accept: 'text/html' } })
  t.match(page, { statusCode: 405, headers: { allow: 'POST', 'content-type': /^text\/html/ } })
  t.match(page.body, /<h1>Method not supported<\/h1>/)
  const other = await app.inject(request)
  t.match(other, { statusCode: 405, headers: { allow: 'POST' } })
  t.match(other.json(), { statusCode: 405, code: 'method_not_allowed' })
  for (const method of ['GET', 'HEAD'] as const) {
    const { statusCode } = await app.inject({ method, url: '/assets/0/none.css' })
    t.equal(statusCode, 404, 'a file that does not exist')
  }
  const head = await app.inject({ method: 'HEAD', url: '/callback' })
  t.match(head, { statusCode: 405, headers: { allow: 'GET' } })
})
