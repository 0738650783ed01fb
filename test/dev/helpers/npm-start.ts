import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../helpers/free-port.ts'

const root = `${import.meta.dirname}/../../..`

/** Runs `npm start` on free ports. Its data ends with the test. */
export async function spawnNpmStart(t: Test, environment: Record<string, string> = {}) {
  const [port, tenantPort] = [await freePort(), await freePort()]
  const env = {
    ...process.env,
    DATABASE_URL: 'file::memory:',
    TENANT_DATA: t.testdir(),
    PORT: String(port),
    TENANT_PORT: String(tenantPort),
    ...environment,
  }
  const child = spawn('npm', ['start'], { cwd: root, env })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, env, url: `http://localhost:${port}`, tenantPort, stderr: text(child.stderr) }
}

/** Runs `npm start` until it has printed its last line. Service and tenant end with the test. */
export async function npmStart(t: Test, environment: Record<string, string> = {}) {
  const started = await spawnNpmStart(t, environment)
  const { child, stderr } = started
  let [printed, pid] = ['', 0]
  for await (const line of createInterface(child.stdout)) {
    printed += `${line}\n`
    if (line.startsWith('{')) pid = JSON.parse(line).pid
    if (line.includes('curl')) break
  }
  if (!pid) throw new Error(`npm start failed: ${await stderr}`)
  t.teardown(() => endProcess(pid))
  child.stdout.resume() // a full pipe would stop the service
  return { ...started, printed, pid }
}

/** Ends a process that npm started, and waits for its end. */
async function endProcess(pid: number): Promise<void> {
  if (isRunning(pid)) process.kill(pid, 'SIGTERM')
  while (isRunning(pid)) await delay(50)
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
