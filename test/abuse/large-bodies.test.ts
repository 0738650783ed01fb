import { once } from 'node:events'
import t from 'tap'
import { startUnderAbuse } from '../helpers/abuse.ts'
import { exchange, head, openSocket } from '../helpers/raw-http.ts'

t.test('a body with a Content-Length over the limit is 413 before it arrives', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t)
  const post = `${head('POST', '/things')}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  await survives(t, async (share) => {
    for (let i = 0; i < 50 * share; i++) {
      t.strictSame((await exchange(app.url, `${post}Content-Length: 9000000000\r\n\r\n`)).statuses, [413])
    }
  })
})

t.test('a chunked body over the limit is 413, and takes no lasting memory', async (t) => {
  const { app, token, survives } = await startUnderAbuse(t)
  const post = `${head('POST', '/things')}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
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

t.test('the body of a request without a token takes no lasting memory', async (t) => {
  const { app, survives } = await startUnderAbuse(t)
  const megabyte = ' '.repeat(1_048_576)
  await survives(t, async () => {
    const socket = await openSocket(app.url)
    socket.write(
      `${head('POST', '/things')}Content-Type: application/json\r\nContent-Length: ${30 * megabyte.length}\r\n\r\n`,
    )
    const [answer] = await once(socket, 'data')
    t.match(String(answer), /^HTTP\/1\.1 401 /)
    for (let i = 0; i < 30; i++) if (!socket.write(megabyte)) await once(socket, 'drain')
    socket.destroy()
  })
})
