import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'

/** Redis without persistence, run by the installed `redis-server`. */
export class TestRedis {
  readonly url: string
  readonly #port: number
  readonly #options: readonly string[]
  readonly #file: string | undefined
  #process: ChildProcess | undefined

  /** @param options further options of the command line, after the configuration file if there is one */
  constructor(port: number, options: readonly string[] = [], file?: string) {
    this.#port = port
    this.#options = options
    this.#file = file
    this.url = `redis://127.0.0.1:${port}`
  }

  /** Starts an empty Redis. After a stop, the port is the same. */
  async start(): Promise<void> {
    const options = [
      ...[this.#file ?? []].flat(),
      '--port',
      String(this.#port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      tmpdir(),
      ...this.#options,
    ]
    // Ends when its standard input closes, even if this process is killed
    const script = '"$0" "$@" & read _; kill -KILL $!; wait'
    const child = spawn(
      'sh',
      ['-c', `command -v redis-server >/dev/null || exit; ${script}`, 'redis-server', ...options],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    this.#process = child
    for await (const line of createInterface(child.stdout)) {
      if (/Ready to accept connections|Sentinel ID is/.test(line)) break
    }
    child.stdout.resume()
    if (child.exitCode !== null || child.stdout.readableEnded)
      throw new Error('redis-server cannot be started')
  }

  /** Kills Redis, as a crash would. */
  async stop(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null) return
    child.stdin?.end()
    await once(child, 'exit')
  }
}

/** Runs the test with its own Redis. Without `redis-server` the test is skipped; in CI it fails. */
export function onRedis(t: Test, title: string, run: (t: Test, redis: TestRedis) => Promise<void>): void {
  t.test(title, async (t) => {
    const redis = new TestRedis(await freePort())
    t.teardown(() => redis.stop())
    try {
      await redis.start()
    } catch (error) {
      if (process.env.CI) throw error
      t.pass('', { skip: `no Redis: ${(error as Error).message}` })
      return
    }
    await run(t, redis)
  })
}
