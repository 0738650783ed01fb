import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { acceptForms } from '../../src/plugins/media-types.ts'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { exchange } from '../helpers/raw-http.ts'

const open = { config: { public: true } }
const methods = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const FORM = 'application/x-www-form-urlencoded'

/** Routes that send the parsed body back. Those below `/forms` accept forms. */
function addEchoes(app: FastifyInstance) {
  const echo = async ({ body }: { body: unknown }) => ({ body: body === undefined ? 'absent' : body })
  for (const method of methods) app.route({ ...open, method, url: '/json', handler: echo })
  app.register(async (scope) => {
    acceptForms(scope)
    for (const method of methods) scope.route({ ...open, method, url: '/forms', handler: echo })
  })
}

async function start(t: Test) {
  const { url } = await listen(t, await TestIssuer.start(t), { extend: addEchoes })
  const send = async (path: string, type: string, body: string | Buffer, method = 'POST') => {
    const response = await fetch(url + path, { method, headers: { 'content-type': type }, body })
    const answer = (await response.json()) as { body?: unknown; code?: string }
    return [response.status, answer.body ?? answer.code]
  }
  return { url, send }
}

t.test('a body is JSON or of a type that the route accepts', async (t) => {
  const { send } = await start(t)
  t.strictSame(await send('/json', 'application/json', '{"a":"é"}'), [200, { a: 'é' }])
  t.strictSame(await send('/forms', 'application/json', '{}'), [200, {}])
  t.strictSame(await send('/forms', FORM, 'a=%C3%A9&b=é&c=100%&d=%zz'), [
    200,
    { a: 'é', b: 'é', c: '100%', d: '%zz' },
  ])
  const rejected = [415, 'unsupported_media_type']
  for (const type of ['text/plain', 'application/xml', 'nonsense', 'multipart/form-data; boundary=x']) {
    for (const path of ['/json', '/forms']) t.strictSame(await send(path, type, '{}'), rejected, type)
  }
  t.strictSame(await send('/json', FORM, 'a=b'), rejected)
  t.strictSame(await send('/nowhere', 'text/plain', 'a'), [404, 'not_found'])
})

t.test('an empty body is an absent body for every method and media type', async (t) => {
  const { url } = await start(t)
  const absent = /\r\n\r\n.*"body":"absent"/s
  for (const method of methods) {
    for (const type of ['application/json', FORM, 'text/plain', 'application/json; charset=utf-16', '']) {
      for (const length of ['Content-Length: 0\r\n', '', 'Transfer-Encoding: chunked\r\n']) {
        for (const path of ['/json', '/forms']) {
          const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${length}`
          const content = type && `Content-Type: ${type}\r\n`
          const chunks = length.startsWith('Transfer') ? '0\r\n\r\n' : ''
          const { statuses, received } = await exchange(url, `${head}${content}\r\n${chunks}`)
          t.strictSame(statuses, [200], `${method} ${path} ${type} ${length}`)
          t.match(received, absent)
        }
      }
    }
  }
})

t.test('a body that is not valid UTF-8 is 400', async (t) => {
  const { send } = await start(t)
  const invalid = [400, 'bad_request']
  const latin1 = (text: string) => Buffer.from(text, 'latin1')
  for (const bytes of ['é', '\xc3', '\xed\xa0\x80', '\xff', 'a\x00\xfe']) {
    t.strictSame(await send('/json', 'application/json', latin1(`{"a":"${bytes}"}`)), invalid)
    t.strictSame(await send('/forms', 'application/json', latin1(`{"a":"${bytes}"}`)), invalid)
    t.strictSame(await send('/forms', FORM, latin1(`a=${bytes}`)), invalid)
    t.strictSame(await send('/forms', FORM, latin1(`${bytes}=a`)), invalid)
  }
  for (const form of ['a=%E9', '%E9=a', 'a=b&c=%ED%A0%80', 'a=%C3&b=%A9']) {
    t.strictSame(await send('/forms', FORM, form), invalid, form)
  }
  t.strictSame(await send('/json', 'application/json', '{"a":"\ufffd"}'), [200, { a: '\ufffd' }])
  t.strictSame(await send('/forms', FORM, 'a=%EF%BF%BD'), [200, { a: '\ufffd' }])
})

t.test('another charset than UTF-8 is 415', async (t) => {
  const { send } = await start(t)
  for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8']) {
    t.strictSame(await send('/json', `application/json; charset=${charset}`, '{}'), [200, {}], charset)
    t.strictSame(await send('/forms', `${FORM};charset=${charset}`, 'a=b'), [200, { a: 'b' }], charset)
  }
  const rejected = [415, 'unsupported_media_type']
  for (const charset of ['utf-16', 'iso-8859-1', '"utf-16"', 'us-ascii']) {
    t.strictSame(await send('/json', `application/json; charset=${charset}`, '{}'), rejected, charset)
    t.strictSame(await send('/forms', `${FORM}; charset=${charset}`, 'a=b'), rejected, charset)
  }
})

t.test(
  'a body with a content coding is 415, which names the accepted one (RFC 9110, section 12.5.3)',
  async (t) => {
    const { url } = await start(t)
    const post = async (path: string, type: string, body: string, coding: string) => {
      const headers = { 'content-type': type, 'content-encoding': coding }
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body })
      return [response.status, response.headers.get('accept-encoding')]
    }
    for (const coding of ['gzip', 'br', 'identity, gzip', 'x']) {
      t.strictSame(await post('/json', 'application/json', '{}', coding), [415, 'identity'], coding)
      t.strictSame(await post('/forms', FORM, 'a=b', coding), [415, 'identity'], coding)
    }
    for (const coding of ['identity', 'IDENTITY', ''])
      t.strictSame(await post('/json', 'application/json', '{}', coding), [200, null], coding)
  },
)
