import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { LogLine } from './app.ts'
import { AUDIENCE } from './issuer.ts'

const SERVER = `${import.meta.dirname}/../../src/server.ts`
export const required = {
  AUTH0_DOMAIN: 'issuer.test',
  AUTH0_AUDIENCE: AUDIENCE,
  HOST: '127.0.0.1',
  PORT: '0',
  DATABASE_URL: 'file::memory:',
}

export interface Surroundings {
  environment?: Record<string, string>
  /** Files in its working directory. */
  files?: Record<string, string | Record<string, string>>
  execArgv?: string[]
}

/** Starts the service as a process. Its working directory is empty except for the given files. */
export function spawnServer(t: Test, { environment = {}, files = {}, execArgv = [] }: Surroundings) {
  const child = spawn(process.execPath, [...execArgv, SERVER], { cwd: t.testdir(files), env: environment })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Starts the service as a process and collects its output. */
export function start(t: Test, surroundings: Surroundings) {
  const child = spawnServer(t, surroundings)
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  const stderr = text(child.stderr)
  const ended = once(child, 'close').then(async ([code]) => ({
    code,
    stdout: lines.join('\n'),
    stderr: await stderr,
  }))

  /** Waits for the first log line that contains the text. */
  const logged = async (message: string): Promise<LogLine> => {
    for (;;) {
      const line = lines.map((line) => JSON.parse(line) as LogLine).find(({ msg }) => msg.includes(message))
      if (line) return line
      const hasEnded = await Promise.race([
        once(child.stdout, 'data').then(() => false),
        ended.then(() => true),
      ])
      if (hasEnded) throw new Error(`the process ended without logging: ${message}\n${await stderr}`)
    }
  }
  const listening = async () => (await logged('listening at')).msg.replace(/^.* at /, '')
  return { child, ended, logged, listening }
}

/** `execArgv` that loads a module before everything else. */
export function preload(code: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}
