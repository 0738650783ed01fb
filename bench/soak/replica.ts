import type { ChildProcess } from 'node:child_process'
import { freePort } from '../../test/helpers/free-port.ts'
import { answering, type Children } from './children.ts'

const SERVER = `${import.meta.dirname}/../../src/server.ts`
/** As in `npm run serve`. */
const FLAGS = ['--disable-sigusr1', '--max-semi-space-size=4']

export interface ReplicaOptions {
  /** Limit of open files (setrlimit(2)). */
  maxFiles?: number
  /** Connects standard output to a pipe that is not read. */
  isOutputUnread?: boolean
}

/** One process of the service, always on the same port. */
export class Replica {
  readonly url: string
  readonly #children: Children
  readonly #environment: NodeJS.ProcessEnv
  readonly #name: string
  readonly #options: ReplicaOptions
  #process: ChildProcess | undefined

  static async start(children: Children, name: string, environment: NodeJS.ProcessEnv): Promise<Replica> {
    const replica = new Replica(children, name, await freePort(), environment)
    await replica.start()
    return replica
  }

  constructor(
    children: Children,
    name: string,
    port: number,
    environment: NodeJS.ProcessEnv,
    options: ReplicaOptions = {},
  ) {
    this.#children = children
    this.#name = name
    this.#options = options
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
    const { maxFiles, isOutputUnread } = this.#options
    const script = `${maxFiles === undefined ? '' : `ulimit -n ${maxFiles}; `}exec "$@"`
    this.#process = this.#children.start(
      'sh',
      ['-c', script, 'sh', process.execPath, ...FLAGS, SERVER],
      this.#name,
      this.#environment,
      isOutputUnread ? 'pipe' : undefined,
    )
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
