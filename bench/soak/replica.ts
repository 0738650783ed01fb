import type { ChildProcess } from 'node:child_process'
import { freePort } from '../../test/helpers/free-port.ts'
import { answering, type Children } from './children.ts'

const SERVER = `${import.meta.dirname}/../../src/server.ts`

/** One process of the service, always on the same port. */
export class Replica {
  readonly url: string
  readonly #children: Children
  readonly #environment: NodeJS.ProcessEnv
  readonly #name: string
  #process: ChildProcess | undefined

  static async start(children: Children, name: string, environment: NodeJS.ProcessEnv): Promise<Replica> {
    const replica = new Replica(children, name, await freePort(), environment)
    await replica.start()
    return replica
  }

  constructor(children: Children, name: string, port: number, environment: NodeJS.ProcessEnv) {
    this.#children = children
    this.#name = name
    this.#environment = {
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      SHUTDOWN_DELAY_SECONDS: '5',
      ...environment,
      PORT: String(port),
    }
    this.url = `http://127.0.0.1:${port}`
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Starts the process and waits until it is ready. */
  async start(): Promise<void> {
    this.#process = this.#children.start(process.execPath, [SERVER], this.#name, this.#environment)
    await answering(`${this.url}/readyz`, this.#process)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process) await this.#children.end(this.#process, signal)
  }

  hang(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }
}
