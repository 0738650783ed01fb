import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** TCP proxy in front of a database that can refuse connections or hang while the database keeps running. */
export class DatabaseProxy {
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#forward(socket))
  readonly #target: { host: string; port: number }
  #port = 0
  #isClogged = false

  static async start(t: Test, target: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(new URL(target))
    await proxy.open()
    t.teardown(() => proxy.cut())
    return proxy
  }

  constructor({ hostname, port }: URL) {
    this.#target = { host: hostname, port: Number(port || 5432) }
  }

  /** Replaces host and port of the database's URL with those of the proxy. */
  url(target: string): string {
    const url = new URL(target)
    url.host = `127.0.0.1:${this.#port}`
    return url.href
  }

  /** Forwards everything again, on the same port as before. */
  async open(): Promise<void> {
    this.#isClogged = false
    for (const socket of this.#sockets) socket.resume()
    if (this.#server.listening) return
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Breaks connections and refuses new ones, like a stopped database. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Accepts connections and forwards nothing, like a database on a machine that hangs. */
  clog(): void {
    this.#isClogged = true
    this.strand()
  }

  /** Forwards nothing on existing connections, like a failover: new connections reach the new machine. */
  strand(): void {
    for (const socket of this.#sockets) socket.pause()
  }

  #forward(socket: Socket): void {
    const onward = connect(this.#target)
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isClogged) from.pause()
    }
  }
}
