import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { JWK } from 'jose'
import { answering, type Children, freePort } from './children.ts'

/** The local tenant, in hand: it is killed, hangs, and changes its keys. */
export class Issuer {
  readonly url: string
  /** Private ones, of which the first signs. */
  keys: readonly JWK[]
  readonly #children: Children
  readonly #port: number
  #process: ChildProcess | undefined

  static async start(children: Children, keys: readonly JWK[]): Promise<Issuer> {
    const issuer = new Issuer(children, await freePort(), keys)
    await issuer.start()
    return issuer
  }

  constructor(children: Children, port: number, keys: readonly JWK[]) {
    this.#children = children
    this.#port = port
    this.keys = keys
    this.url = `http://localhost:${port}/`
  }

  /** With the keys it had. */
  async start(): Promise<void> {
    const args = [String(this.#port), JSON.stringify(this.keys)]
    this.#process = this.#children.fork(`${import.meta.dirname}/tenant-process.ts`, args, 'issuer')
    await answering(`${this.url}.well-known/jwks.json`, this.#process)
  }

  async kill(): Promise<void> {
    if (this.#process) await this.#children.end(this.#process, 'SIGKILL')
  }

  /** Connections are accepted, and nothing is answered. */
  hang(): void {
    this.#process?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process?.kill('SIGCONT')
  }

  async publish(keys: readonly JWK[]): Promise<void> {
    this.keys = keys
    if (!this.#process) return
    this.#process.send([...keys])
    await once(this.#process, 'message')
  }
}
