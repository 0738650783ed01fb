import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startUnderAbuse } from '../helpers/abuse.ts'
import { head, openMany } from '../helpers/raw-http.ts'

const SHORT_MS = 1_000
const times = {
  requestTimeout: SHORT_MS,
  http: { headersTimeout: SHORT_MS, connectionsCheckingInterval: 50 },
}

/** Writes a few bytes at a time until the server closes the connection. */
function dribble(socket: Socket, bytes: string): Promise<string> {
  socket.on('error', () => {}) // written to after the server has closed it
  const timer = setInterval(() => socket.write(bytes), SHORT_MS / 10)
  return text(socket).finally(() => clearInterval(timer))
}

t.test('hundreds of requests that arrive byte by byte are 408', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t, { times })
  const authorization = `Authorization: Bearer ${token}\r\n`
  for (const [part, start] of [
    ['headers', head('GET', '/livez')],
    [
      'a body',
      `${head('POST', '/things')}${authorization}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
    ],
    [
      'chunks',
      `${head('POST', '/things')}${authorization}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
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
