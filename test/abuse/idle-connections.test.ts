import { text } from 'node:stream/consumers'
import t from 'tap'
import { startUnderAbuse } from '../helpers/abuse.ts'
import { exchange, head, openMany } from '../helpers/raw-http.ts'

const SHORT_MS = 1_000

t.test('the time-outs are those of the documentation', async (t) => {
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

t.test('two thousand silent connections do not block other callers, and are closed', async (t) => {
  const { app, survives } = await startUnderAbuse(t, {
    times: { http: { headersTimeout: SHORT_MS, connectionsCheckingInterval: 50 } },
  })
  await survives(t, async (share) => {
    const sockets = await openMany(app.url, 2_000 * share)
    const answers = await Promise.all(sockets.map((socket) => text(socket)))
    t.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 408 ')))
  })
})

t.test(
  'two thousand idle connections after a response do not block other callers, and are closed',
  async (t) => {
    const { app, survives } = await startUnderAbuse(t, { times: { keepAliveTimeout: SHORT_MS } })
    await survives(t, async (share) => {
      const sockets = await openMany(app.url, 2_000 * share, `${head('GET', '/livez')}\r\n`)
      const answers = await Promise.all(sockets.map((socket) => text(socket)))
      t.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200 ')))
    })
  },
)

t.test('the last permitted request of a connection is answered with connection: close', async (t) => {
  const { app } = await startUnderAbuse(t, { times: { keepAliveTimeout: SHORT_MS } })
  t.equal(app.server.maxRequestsPerSocket, 10_000)
  app.server.maxRequestsPerSocket = 3
  const { statuses, received } = await exchange(app.url, `${head('GET', '/livez')}\r\n`.repeat(3))
  t.strictSame(statuses, [200, 200, 200])
  t.match(received.slice(received.lastIndexOf('HTTP/1.1')), /connection: close/i)
})
