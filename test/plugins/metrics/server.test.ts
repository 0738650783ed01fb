import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Source, startMetricsServer, stopMetricsServer } from '../../../src/plugins/metrics/server.ts'

const source: Source = { contentType: 'text/plain; version=0.0.4', metrics: async () => 'up 1\n' }

async function start(t: Test, from = source) {
  const server = await startMetricsServer(from, '127.0.0.1', 0)
  t.teardown(() => (server.listening ? stopMetricsServer(server) : undefined))
  const { port } = server.address() as AddressInfo
  return { server, port, url: `http://127.0.0.1:${port}` }
}

t.test('GET /metrics returns the metrics with their content type', async (t) => {
  const { url } = await start(t)
  for (const path of ['/metrics', '/metrics?name=up']) {
    const response = await fetch(`${url}${path}`)
    t.equal(response.status, 200)
    t.equal(response.headers.get('content-type'), source.contentType)
    t.equal(await response.text(), 'up 1\n')
  }
})

t.test('other paths and methods get an empty 404', async (t) => {
  const { url } = await start(t)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/metricsx'],
    ['GET', '/api/private'],
    ['POST', '/metrics'],
    ['DELETE', '/metrics'],
  ] as const) {
    const response = await fetch(`${url}${path}`, { method })
    t.equal(response.status, 404, `${method} ${path}`)
    t.equal(await response.text(), '')
  }
})

t.test('a scrape that fails gets 500, and the next one succeeds', async (t) => {
  let isBroken = true
  const metrics = async () => {
    if (isBroken) throw new Error('broken')
    return source.metrics()
  }
  const { url } = await start(t, { ...source, metrics })
  t.equal((await fetch(`${url}/metrics`)).status, 500)
  isBroken = false
  t.equal((await fetch(`${url}/metrics`)).status, 200)
})

t.test('stopping the server frees its port and closes idle connections', async (t) => {
  const { url, port, server } = await start(t)
  t.equal((await fetch(`${url}/metrics`)).status, 200) // the client keeps this connection
  await stopMetricsServer(server)
  await t.rejects(fetch(`${url}/metrics`))
  const next = createServer().listen(port, '127.0.0.1')
  await once(next, 'listening')
  next.close()
})

t.test('idle connections beyond ten are closed, so that they cannot use up the open files', async (t) => {
  const { port } = await start(t)
  const sockets = Array.from({ length: 11 }, () => connect(port, '127.0.0.1'))
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()))
  await Promise.race(sockets.map((socket) => once(socket, 'close')))
  t.equal(sockets.filter(({ closed }) => closed).length, 1)
})
