import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A way to a database that can be cut, clogged and opened again, while the database stays as it is. */
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

  /** The database's URL, through here. */
  url(target: string): string {
    const url = new URL(target)
    url.host = `127.0.0.1:${this.#port}`
    return url.href
  }

  /** From now on everything passes, on the same port as before. */
  async open(): Promise<void> {
    this.#isClogged = false
    for (const socket of this.#sockets) socket.resume()
    if (this.#server.listening) return
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Connections break and new ones are refused, as when the database is stopped. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Connections are accepted and nothing passes, as when the machine of the database hangs. */
  clog(): void {
    this.#isClogged = true
    this.strand()
  }

  /** Nothing passes any more on the connections there are, as when a machine is gone; new ones reach its successor. */
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
