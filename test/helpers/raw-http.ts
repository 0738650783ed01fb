import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export async function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Sends raw bytes and reads until the server closes. Returns the status of each response, and the received text. */
export async function exchange(url: string, bytes: string) {
  const socket = await openSocket(url)
  socket.on('error', () => {}) // the server may close before it has read everything
  socket.write(bytes, 'latin1')
  const received = await text(socket)
  return {
    statuses: [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
    received,
  }
}

/** Opens connections in batches, since the backlog of a socket is limited, and sends the bytes on each. */
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

/** Returns the request line and the Host header. */
export function head(method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`
}
