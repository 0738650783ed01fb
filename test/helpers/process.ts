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
  PORT: '0',
  DATABASE_URL: 'file::memory:',
}

export interface Surroundings {
  environment?: Record<string, string>
  /** Files in its working directory. */
  files?: Record<string, string | Record<string, string>>
  execArgv?: string[]
}

/** The service as a process of its own, in an empty folder unless told. */
export function start(t: Test, { environment = {}, files = {}, execArgv = [] }: Surroundings) {
  const child = spawn(process.execPath, [...execArgv, SERVER], { cwd: t.testdir(files), env: environment })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  const stderr = text(child.stderr)
  const ended = once(child, 'close').then(async ([code]) => ({
    code,
    stdout: lines.join('\n'),
    stderr: await stderr,
  }))

  /** The first line of its log with this text. */
  const logged = async (message: string): Promise<LogLine> => {
    for (;;) {
      const line = lines.map((line) => JSON.parse(line) as LogLine).find(({ msg }) => msg.includes(message))
      if (line) return line
      const isOver = await Promise.race([
        once(child.stdout, 'data').then(() => false),
        ended.then(() => true),
      ])
      if (isOver) throw new Error(`it ended without saying: ${message}\n${await stderr}`)
    }
  }
  const listening = async () => (await logged('listening at')).msg.replace(/^.* at /, '')
  return { child, ended, logged, listening }
}

/** For `execArgv`: a module that is loaded before all else. */
export function preload(code: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}
