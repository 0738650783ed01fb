import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { JWK } from 'jose'
import { freePort } from '../../test/helpers/free-port.ts'
import { answering, type Children } from './children.ts'

/** Controls the local tenant: kills it, suspends it, and changes its keys. */
export class Issuer {
  readonly url: string
  /** Private keys; the first one signs. */
  keys: readonly JWK[]
  readonly #children: Children
  readonly #port: number
  readonly #webApp: string
  #process: ChildProcess | undefined

  /** @param webApp URL of the web app, to which logins return */
  static async start(children: Children, webApp: string, keys: readonly JWK[]): Promise<Issuer> {
    const issuer = new Issuer(children, await freePort(), webApp, keys)
    await issuer.start()
    return issuer
  }

  constructor(children: Children, port: number, webApp: string, keys: readonly JWK[]) {
    this.#children = children
    this.#port = port
    this.#webApp = webApp
    this.keys = keys
    this.url = `http://localhost:${port}/`
  }

  /** Starts it with its current keys. */
  async start(): Promise<void> {
    const args = [String(this.#port), this.#webApp, JSON.stringify(this.keys)]
    this.#process = this.#children.fork(`${import.meta.dirname}/tenant-process.ts`, args, 'issuer')
    await answering(`${this.url}.well-known/jwks.json`, this.#process)
  }

  async kill(): Promise<void> {
    if (this.#process) await this.#children.end(this.#process, 'SIGKILL')
  }

  /** Suspends the process: it accepts connections but does not respond. */
  hang(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  async publish(keys: readonly JWK[]): Promise<void> {
    this.keys = keys
    if (!this.#process) return
    this.#process.send([...keys])
    await once(this.#process, 'message')
  }
}
