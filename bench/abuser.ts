import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** `node abuser.ts KIND URL TOKEN`: prints `ready` and abuses a server until it is killed. */
const [kind = '', url = '', token = ''] = process.argv.slice(2)
const port = Number(new URL(url).port)
const TICK_MS = 10

const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`
const post = `${head('POST', '/todo')}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
const withBody = (body: string) => `${post}Content-Length: ${body.length}\r\n\r\n${body}`

interface Slow {
  connections: number
  start: string
  /** Sent on each connection once a second, to keep it active. */
  more: string
}

const slow: Record<string, Slow> = {
  idle: { connections: 2_000, start: '', more: '' },
  'slow-headers': { connections: 500, start: head('GET', '/livez'), more: 'X: y\r\n' },
  'slow-bodies': { connections: 500, start: `${post}Content-Length: 60000\r\n\r\n`, more: ' ' },
}

interface Unread {
  path(): Promise<string>
  /** Requests in one write on each connection. */
  requests: number
  connectionsPerSecond: number
}

/** The responses are not read. */
const unread: Record<string, Unread> = {
  'unread-files': { path: findScript, requests: 50, connectionsPerSecond: 20 },
  'unread-documents': { path: async () => '/openapi.json', requests: 1_300, connectionsPerSecond: 4 },
}

/** The largest file of the service, whose address contains its hash. */
async function findScript(): Promise<string> {
  const page = await (await fetch(`${url}/docs`)).text()
  const path = /<script src="([^"]+)"/.exec(page)?.[1]
  if (path === undefined) throw new Error('/docs has no script')
  return path
}

/** Sent a thousand times a second, or as often as a connection is free. */
const fast: Record<string, string> = {
  'long-tokens': `${head('GET', '/api/private')}Authorization: Bearer ${token.slice(0, -342)}${'A'.repeat(13_000)}\r\n\r\n`,
  'header-floods': `${head('GET', '/livez')}${'X: y\r\n'.repeat(2_000)}\r\n`,
  'two-readings': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  oversize: `${post}Content-Length: 9000000000\r\n\r\n`,
  'deep-json': withBody(`{"title":${'['.repeat(30_000)}${']'.repeat(30_000)}}`),
  'many-fields': withBody(
    JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [i, i]))),
  ),
}

const sockets: Socket[] = []
async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

async function beSlow({ connections, start, more }: Slow) {
  while (sockets.length < connections) {
    const socket = await open()
    socket.write(start)
    sockets.push(socket)
  }
  setInterval(() => {
    for (const socket of sockets) if (more && socket.writable) socket.write(more)
  }, 1_000)
}

async function beUnread({ path, requests, connectionsPerSecond }: Unread) {
  const bytes = `${head('GET', await path())}\r\n`.repeat(requests)
  const flood = async () => {
    const socket = await open().catch(() => undefined)
    socket?.pause().write(bytes)
  }
  await flood()
  setInterval(flood, 1_000 / connectionsPerSecond)
}

/** Sends on 16 connections, and replaces those that the server closes. */
async function beFast(bytes: string) {
  const free: Socket[] = []
  const add = async () => {
    const socket = await open().catch(() => undefined)
    if (!socket) return
    free.push(socket)
    socket.on('data', () => free.includes(socket) || free.push(socket))
    socket.on('close', () => {
      if (free.includes(socket)) free.splice(free.indexOf(socket), 1)
      void add()
    })
  }
  await Promise.all(Array.from({ length: 16 }, add))
  setInterval(() => {
    for (let i = 0; i < TICK_MS; i++) free.shift()?.write(bytes)
  }, TICK_MS)
}

if (unread[kind]) await beUnread(unread[kind])
else if (slow[kind]) await beSlow(slow[kind])
else await beFast(fast[kind] as string)
process.stdout.write('ready\n')
