import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { MAX_QUEUED } from '../../src/plugins/connections.ts'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { required, start } from '../helpers/process.ts'
import { cpuSeconds, residentBytes } from '../helpers/process-figures.ts'
import { exchange, head, openSocket } from '../helpers/raw-http.ts'

const MIB = 1_048_576

/** Starts the service as a process. */
async function startProcess(t: Test) {
  const { child, listening } = start(t, {
    environment: { ...required, LOG_LEVEL: 'info' },
    execArgv: ['--max-semi-space-size=4'], // as in the image
  })
  const url = await listening()
  const pid = child.pid as number
  /** Sends the requests in one write on each connection, and reads no response. */
  const flood = async (requests: string, connections: number) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(url)))
    for (const socket of sockets) {
      socket.on('error', () => {}).pause()
      socket.write(requests)
    }
    t.teardown(() => sockets.map((socket: Socket) => socket.destroy()))
  }
  /**
   * Sends the requests and then several probes. Returns the processor time in seconds that the process took meanwhile: no probe waits
   * longer for the process. By the clock it may also wait for a busy machine.
   */
  const cost = async (requests: string, connections = 1) => {
    const before = cpuSeconds(pid)
    await flood(requests, connections)
    for (let i = 0; i < 20; i++) {
      await (await fetch(`${url}/livez`)).text()
      await delay(20)
    }
    return cpuSeconds(pid) - before
  }
  return { url, residentMib: () => residentBytes(pid) / MIB, cost }
}

t.test('fifty unread responses of the largest file cost neither memory nor time', async (t) => {
  const { url, residentMib, cost } = await startProcess(t)
  const html = await (await fetch(`${url}/docs`)).text()
  const script = /<script src="([^"]+)"/.exec(html)?.[1] as string
  for (const [method, count] of [
    ['GET', 20],
    ['GET', 50],
    ['HEAD', 10],
  ] as const) {
    const seconds = await cost(`${head(method, script)}\r\n`.repeat(count))
    t.ok(seconds < 2, `${count} ${method}: ${seconds} s of processor time`)
    t.ok(residentMib() < 250, `${count} ${method}: ${residentMib()} MiB`)
  }
})

t.test('thousands of unread responses on a few connections are bounded', async (t) => {
  const { url, residentMib, cost } = await startProcess(t)
  await (await fetch(`${url}/openapi.json`)).text()
  const seconds = await cost(`${head('GET', '/openapi.json')}\r\n`.repeat(1_300), 4)
  t.ok(seconds < 2, `${seconds} s of processor time`)
  t.ok(residentMib() < 200, `${residentMib()} MiB`)
})

t.test(
  'pipelined requests up to the limit are answered in order, and more close the connection',
  async (t) => {
    const { url } = await listen(t, await TestIssuer.start(t))
    const pipeline = (count: number) =>
      exchange(
        url,
        `${`${head('GET', '/livez')}\r\n`.repeat(count)}${head('GET', '/livez')}Connection: close\r\n\r\n`,
      )
    t.strictSame((await pipeline(MAX_QUEUED)).statuses, Array(MAX_QUEUED + 1).fill(200))
    t.ok((await pipeline(10 * MAX_QUEUED)).statuses.length <= MAX_QUEUED + 1)
  },
)

t.test('a response without progress ends its connection', async (t) => {
  const body = 'x'.repeat(32 * MIB)
  const { url, server } = await listen(t, await TestIssuer.start(t), {
    times: { connectionTimeout: 500 },
    extend: (app) => void app.get('/large', { config: { public: true } }, async () => body),
  })
  const socket = await openSocket(url)
  socket.pause()
  const [connection] = await Promise.all([
    once(server, 'request').then(([request]) => request.socket as Socket),
    socket.write(`${head('GET', '/large')}\r\n`),
  ])
  await once(connection, 'close')
  t.ok(connection.destroyed)
  socket.destroy()
})
