import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../test/helpers/free-port.ts'

const READY_WITHIN_MS = 15_000
const POLL_MS = 5
const SERVER_CORE = '0'

export interface ServerProcess {
  url: string
  process: ChildProcess
  /** Time from the start of the process to its first response. */
  readyMs: number
  stop(): Promise<void>
}

/** Starts a server on its own core and a free port, by the given Node command, and waits until `path` responds. */
export async function startServer(
  script: string,
  environment: Record<string, string>,
  path: string,
  command: readonly string[] = [process.execPath],
): Promise<ServerProcess> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command, script], {
    env: { ...process.env, NODE_ENV: 'production', PORT: String(port), ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (!(await answers(`${url}${path}`))) {
    if (child.exitCode !== null || performance.now() - began > READY_WITHIN_MS) {
      throw new Error(`${script} did not start`)
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const stop = async () => {
    if (child.exitCode !== null) return
    const exit = once(child, 'exit')
    child.kill()
    await exit
  }
  return { url, process: child, readyMs: performance.now() - began, stop }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer()
      return true
    },
    () => false,
  )
}
