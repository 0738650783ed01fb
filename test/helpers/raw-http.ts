import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export async function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Sends bytes as they are and reads until the server closes: the status of each answer, and all of it as text. */
export async function exchange(url: string, bytes: string) {
  const socket = await openSocket(url)
  socket.on('error', () => {}) // the server may close before it has read all: its answer counts
  socket.write(bytes, 'latin1')
  const received = await text(socket)
  return {
    statuses: [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
    received,
  }
}

/** So many connections, some at a time, as the backlog of a listening socket has its end; each sends the bytes. */
export async function openMany(url: string, count: number, bytes = ''): Promise<Socket[]> {
  const sockets: Socket[] = []
  const open = async () => {
    const socket = await openSocket(url)
    if (bytes) socket.write(bytes)
    return socket
  }
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 20 }, open))))
  return sockets
}

/** The beginning of a request. */
export function head(method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: api.test\r\n`
}
