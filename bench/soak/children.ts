import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'

/** The child processes of a run. They end with this process, unless it is killed by SIGKILL. */
export class Children {
  readonly #folder: string
  readonly #running = new Set<ChildProcess>()

  /** @param folder working directory of the processes, and place of their logs */
  constructor(folder: string) {
    this.#folder = folder
    process.once('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL') // a stopped process too
    })
  }

  /** Starts a process in its own process group, so that Ctrl-C reaches this process only. */
  start(
    command: string,
    args: readonly string[],
    name: string,
    environment: NodeJS.ProcessEnv = {},
    output?: 'pipe',
  ) {
    const log = openSync(join(this.#folder, `${name}.log`), 'a')
    return this.#keep(
      spawn(command, args, {
        cwd: this.#folder,
        detached: true,
        env: { ...process.env, ...environment },
        stdio: ['ignore', output ?? log, log],
      }),
    )
  }

  /** Like {@link start}, for a module that receives messages. */
  fork(module: string, args: readonly string[], name: string): ChildProcess {
    const log = openSync(join(this.#folder, `${name}.log`), 'a')
    return this.#keep(
      fork(module, args, { cwd: this.#folder, detached: true, stdio: ['ignore', log, log, 'ipc'] }),
    )
  }

  async end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.end(child, 'SIGKILL')))
  }

  #keep(child: ChildProcess): ChildProcess {
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }
}

/** Waits until the URL responds with 200, at most 15 seconds. */
export async function answering(url: string, child: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + 15_000
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`${url} does not respond`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
