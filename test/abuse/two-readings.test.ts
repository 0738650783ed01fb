import t, { type Test } from 'tap'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { exchange } from '../helpers/raw-http.ts'

/**
 * Request smuggling: bytes that a proxy may parse as one request and this server as two. Bytes after a rejected request
 * on the same connection are not read. An accepted request can be parsed in one way only, that of RFC 9112.
 */
async function start(t: Test) {
  let smuggled = 0
  const { url } = await listen(t, await TestIssuer.start(t), {
    // Hooks of the rate limit and of CORS must not respond first
    environment: { RATE_LIMIT_MAX: '1000', CLIENT_ORIGIN_URL: 'https://app.example' },
    extend: (app) => {
      const config = { public: true }
      app.post('/echo', { config }, async ({ body }) => ({ body }))
      app.post('/guarded', { preHandler: app.authenticate }, async () => 'ok')
      app.get('/smuggled', { config }, async () => ({ count: ++smuggled }))
    },
  })
  return { send: (bytes: string) => exchange(url, bytes), smuggled: () => smuggled }
}

const line = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`
const post = `${line('/echo', 'POST')}Content-Type: application/json\r\n`
const body = '"12345678"'
const chunked = 'Transfer-Encoding: chunked\r\n'
const chunks = `a\r\n${body}\r\n0\r\n\r\n`
const hidden = `${line('/smuggled')}\r\n`
const last = `${line('/livez')}Connection: close\r\n\r\n`

const withHeader = (header: string, content = body) => `${post}${header}\r\n\r\n${content}`
const inChunks = (content: string) => `${post}${chunked}\r\n${content}`

const ambiguous: Record<string, string> = {
  'Content-Length and Transfer-Encoding': `${post}Content-Length: 10\r\n${chunked}\r\n${chunks}`,
  'Transfer-Encoding and Content-Length': `${post}${chunked}Content-Length: 4\r\n\r\n${chunks}`,
  'two lengths': withHeader('Content-Length: 10\r\nContent-Length: 60'),
  'the same length twice': withHeader('Content-Length: 10\r\nContent-Length: 10'),
  'a list of lengths': withHeader('Content-Length: 10, 10'),
  'a length with a plus sign': withHeader('Content-Length: +10'),
  'a negative length': withHeader('Content-Length: -10'),
  'a hexadecimal length': withHeader('Content-Length: 0xa'),
  'a length with a space inside': withHeader('Content-Length: 1 0'),
  'an empty length': withHeader('Content-Length: '),
  'a length of thirty digits': withHeader(`Content-Length: ${'9'.repeat(30)}`),
  'an unknown coding': withHeader('Transfer-Encoding: xchunked', chunks),
  'a coding after chunked': withHeader('Transfer-Encoding: chunked, identity', chunks),
  'a coding before chunked': withHeader('Transfer-Encoding: gzip, chunked', chunks),
  'a coding on a line before': withHeader(
    'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
    chunks,
  ),
  'a coding on a line after': withHeader('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', chunks),
  'a quoted coding': withHeader('Transfer-Encoding: "chunked"', chunks),
  'a coding behind a vertical tab': withHeader('Transfer-Encoding: \x0bchunked', chunks),
  'a coding on a folded line': withHeader('Transfer-Encoding:\r\n chunked', chunks),
  'a space before the colon': withHeader('Transfer-Encoding : chunked', chunks),
  'a space before the name': withHeader(' Transfer-Encoding: chunked', chunks),
  'chunks in HTTP/1.0': inChunks(chunks).replace('HTTP/1.1', 'HTTP/1.0'),
  'bare line feeds': `${post}Content-Length: 10\r\n\r\n${body}`.replaceAll('\r\n', '\n'),
  'a bare line feed between headers': withHeader('X: a\nContent-Length: 10'),
  'a bare carriage return between headers': withHeader('X: a\rContent-Length: 10'),
  'a bare line feed after the headers': `${line('/livez')}\n`,
  'a NUL in a header': withHeader('X: a\0b\r\nContent-Length: 10'),
  'a chunk size with a plus sign': inChunks(chunks.replace('a', '+a')),
  'a chunk size with 0x': inChunks(chunks.replace('a', '0xa')),
  'a chunk size with a space before': inChunks(chunks.replace('a', ' a')),
  'a chunk size with a space after': inChunks(chunks.replace('a', 'a ')),
  'a chunk size beyond 64 bits': inChunks(chunks.replace('a', '1000000000000000a')),
  'no chunk size': inChunks(chunks.replace('a', '')),
  'a chunk longer than its size': inChunks(chunks.replace('a', '9')),
  'a chunk that ends in a line feed': inChunks(chunks.replace(`${body}\r\n`, `${body}\n`)),
  'a chunk size that ends in a line feed': inChunks(chunks.replace('a\r\n', 'a\n')),
  'a chunk extension with a line feed': inChunks(chunks.replace('a', 'a;x\ny')),
  'a chunk extension with an open quote': inChunks(chunks.replace('a', 'a;x="y')),
  'a chunk extension of 20 KB': inChunks(chunks.replace('a', `a;${'x'.repeat(20_000)}`)),
  'a length among the trailers': inChunks(chunks.replace('0\r\n', '0\r\nContent-Length: 60\r\n')),
  'two hosts': `${line('/livez')}HOST: other.test\r\n\r\n`,
  'two hosts of a preflight': `${line('/livez', 'OPTIONS')}Host: other.test\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n\r\n`,
  'two hosts of an unknown path': `${line('/unknown')}Host: other.test\r\n\r\n`,
  'two tokens': `${line('/livez')}Authorization: Bearer a\r\nAUTHORIZATION: Bearer b\r\n\r\n`,
  'the same token twice': `${line('/livez')}Authorization: Bearer a\r\nauthorization: Bearer a\r\n\r\n`,
  'two tokens of a guarded route': `${line('/guarded', 'POST')}Authorization: Bearer a\r\nX: y\r\nAuthorization:\r\n\r\n`,
  'two content types': withHeader('content-type: application/x-www-form-urlencoded\r\nContent-Length: 10'),
  'two origins': `${line('/livez')}Origin: https://app.example\r\nOrigin: https://evil.example\r\n\r\n`,
  'no host': 'GET /livez HTTP/1.1\r\n\r\n',
  'two versions': 'GET /livez HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
}

t.test('an ambiguous request is 400, and nothing after it is read', async (t) => {
  const { send, smuggled } = await start(t)
  for (const [name, bytes] of Object.entries(ambiguous)) {
    const { statuses, received } = await send(bytes + hidden + last)
    t.strictSame(statuses, [400], name)
    t.match(received, /^connection: close\r$/im, name)
  }
  t.equal(smuggled(), 0)
  t.strictSame((await send(hidden + last)).statuses, [200, 200], 'the bytes alone are a request')
  t.equal(smuggled(), 1)
})

t.test('an unambiguous request is accepted', async (t) => {
  const { send, smuggled } = await start(t)
  const accepted: Record<string, string> = {
    'a length': withHeader('Content-Length: 10'),
    'a length with spaces around': withHeader('Content-Length:   10  '),
    chunks: inChunks(chunks),
    'chunks, in capitals': inChunks(chunks).replace('chunked', 'CHUNKED'),
    'a chunk extension': inChunks(chunks.replace('a', 'a;name=value').replace('0', '0;last')),
    'a header with a similar name': withHeader('Transfer_Encoding: chunked\r\nContent-Length: 10'),
    'two lines of a list': withHeader('Accept: text/html\r\nAccept: */*\r\nContent-Length: 10'),
    'empty lines before': `\r\n\r\n${withHeader('Content-Length: 10')}`,
    'Expect: 100-continue': withHeader('Expect: 100-continue\r\nContent-Length: 10'),
  }
  for (const [name, bytes] of Object.entries(accepted)) {
    const { statuses, received } = await send(bytes + last)
    t.strictSame(
      statuses.filter((status) => status !== 100),
      [200, 200],
      name,
    )
    t.match(received, '{"body":"12345678"}', name)
  }
  t.equal(smuggled(), 0)
})

t.test(
  'a request inside the body of another is not answered, whatever the response to the other',
  async (t) => {
    const { send, smuggled } = await start(t)
    const carrying = (start: string) => `${start}Content-Length: ${hidden.length}\r\n\r\n${hidden}`
    const carriers: [statuses: number[], bytes: string][] = [
      [[200, 200], carrying(line('/livez'))],
      [[200, 200], carrying(line('/livez', 'HEAD'))],
      [[200, 200], `${line('/livez')}${chunked}\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`],
      [[400], carrying(`${line('/echo', 'POST')}Content-Type: application/json\r\n`)], // and the connection is closed
      [[401, 200], carrying(`${line('/guarded', 'POST')}Content-Type: application/json\r\n`)],
      [[404, 200], carrying(line('/unknown', 'POST'))],
      [[415], carrying(`${line('/echo', 'POST')}Content-Type: text/csv\r\n`)],
    ]
    for (const [expected, bytes] of carriers) {
      t.strictSame((await send(bytes + last)).statuses, expected, bytes.slice(0, bytes.indexOf('\r')))
    }
    t.equal(smuggled(), 0)
  },
)

t.test('no connection becomes a tunnel or changes its protocol', async (t) => {
  const { send, smuggled } = await start(t)
  t.strictSame((await send(`${line('other.test:443', 'CONNECT')}\r\n${hidden}`)).statuses, [])
  t.equal(smuggled(), 0)
  const upgrade = `${line('/livez')}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`
  t.strictSame((await send(upgrade + hidden)).statuses, [200], 'the protocol stays HTTP/1.1')
  t.equal(smuggled(), 0)
})
