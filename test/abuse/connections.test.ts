import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startUnderAbuse } from '../helpers/abuse.ts'
import { exchange, openSocket } from '../helpers/raw-http.ts'

const SLOW_MS = 300
const times = {
  requestTimeout: SLOW_MS,
  keepAliveTimeout: SLOW_MS,
  http: { headersTimeout: SLOW_MS, connectionsCheckingInterval: 50 },
}
const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: api.test\r\n`

/** So many connections, some at a time, as the backlog of a listening socket has its end; each sends the bytes. */
async function openMany(url: string, count: number, bytes = ''): Promise<Socket[]> {
  const sockets: Socket[] = []
  const open = async () => {
    const socket = await openSocket(url)
    if (bytes) socket.write(bytes)
    return socket
  }
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 20 }, open))))
  return sockets
}

/** Goes on writing a little, until the server has enough of it. */
function dribble(socket: Socket, bytes: string): Promise<string> {
  socket.on('error', () => {}) // written to, after the server has closed it
  const timer = setInterval(() => socket.write(bytes), SLOW_MS / 10)
  return text(socket).finally(() => clearInterval(timer))
}

t.test('the service has the times that the documents name', async (t) => {
  const { app } = await startUnderAbuse(t)
  const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server
  t.same(
    { headersTimeout, requestTimeout, keepAliveTimeout },
    {
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 75_000,
    },
  )
})

t.test('two thousand connections on which nothing comes keep nobody out, and are closed', async (t) => {
  const { app, survives } = await startUnderAbuse(t, { times })
  await survives(t, async (share) => {
    const sockets = await openMany(app.url, 2_000 * share)
    const answers = await Promise.all(sockets.map((socket) => text(socket)))
    t.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 408 ')))
  })
})

t.test('so are as many that were answered and are kept open', async (t) => {
  const { app, survives } = await startUnderAbuse(t, { times })
  await survives(t, async (share) => {
    const sockets = await openMany(app.url, 2_000 * share, `${head('GET', '/livez')}\r\n`)
    const answers = await Promise.all(sockets.map((socket) => text(socket)))
    t.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200 ')))
  })
})

t.test('hundreds of requests that arrive byte by byte are 408, whatever still comes', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t, { times })
  const authorization = `Authorization: Bearer ${token}\r\n`
  for (const [part, start] of [
    ['headers', head('GET', '/livez')],
    [
      'a body',
      `${head('POST', '/todo')}${authorization}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
    ],
    [
      'chunks',
      `${head('POST', '/todo')}${authorization}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
  ] as const) {
    await t.test(part, (t) =>
      survives(t, async (share) => {
        const sockets = await openMany(app.url, 200 * share, start)
        const more = { headers: 'X: y\r\n', 'a body': ' ', chunks: '1\r\n \r\n' }[part]
        const answers = await Promise.all(sockets.map((socket) => dribble(socket, more)))
        t.ok(answers.every((answer) => /^HTTP\/1\.1 408 .*"request_timeout"/s.test(answer)))
      }),
    )
  }
})

t.test('a body that is announced as too large is 413 before it comes', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t)
  const post = `${head('POST', '/todo')}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  await survives(t, async (share) => {
    for (let i = 0; i < 50 * share; i++) {
      t.strictSame((await exchange(app.url, `${post}Content-Length: 9000000000\r\n\r\n`)).statuses, [413])
    }
  })
})

t.test('a body that goes on is 413 when it has become too large, and is not kept', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t)
  const post = `${head('POST', '/todo')}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
  await survives(t, async (share) => {
    for (let i = 0; i < 20 * share; i++) {
      const { statuses } = await exchange(
        app.url,
        `${post}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(10)}`,
      )
      t.strictSame(statuses, [413])
    }
  })
})

t.test('what a caller without a token sends is not kept', async (t) => {
  const { app, survives } = await startUnderAbuse(t)
  const megabyte = ' '.repeat(1_048_576)
  await survives(t, async () => {
    const socket = await openSocket(app.url)
    socket.write(
      `${head('POST', '/todo')}Content-Type: application/json\r\nContent-Length: ${30 * megabyte.length}\r\n\r\n`,
    )
    const [answer] = await once(socket, 'data')
    t.match(String(answer), /^HTTP\/1\.1 401 /)
    for (let i = 0; i < 30; i++) if (!socket.write(megabyte)) await once(socket, 'drain')
    socket.destroy()
  })
})
