import { type ExecFileException, execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface Load {
  url: string
  /** The server's process. */
  pid: number
  seconds: number
  connections: number
  /** A file of tokens, one a line, sent in turn. */
  tokens?: string
  /** Sent as JSON in a POST; a GET without. Needs tokens. */
  body?: string
  /** Refusals are what is measured: anything but 2xx is expected. */
  expectsRefusals?: boolean
}

export interface Figures {
  /** Requests for each second of processor time that the server used, all its threads together. */
  requestsPerCpuSecond: number
  /** By the clock: it holds the waiting, and depends on what else the machine is doing. */
  requestsPerSecond: number
  p99Ms: number
  /** The part of the answers that were not 2xx; above 0 only where that is expected. */
  refused: number
}

const run = promisify(execFile)

/** The load runs on this core, the server on core 0. */
export const LOAD_CORE = '1'
const TICKS_A_SECOND = 100 // USER_HZ

/** One run of wrk with one thread. Fails when an answer was not what it should be: a fast refusal is no figure. */
export async function load(options: Load): Promise<Figures> {
  const { url, pid, seconds, connections, tokens, body, expectsRefusals = false } = options
  const script = tokens === undefined ? [] : ['-s', `${import.meta.dirname}/requests.lua`]
  const sent = tokens === undefined ? [] : ['--', tokens, ...(body === undefined ? [] : [body])]
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...script, url, ...sent]
  const before = await cpuSeconds(pid)
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, 'wrk', ...args])
  const used = (await cpuSeconds(pid)) - before
  const refusals = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1]
  if (refusals !== undefined && !expectsRefusals) throw new Error(`${url} refused ${refusals} requests`)
  const [, requests] = /(\d+) requests in/.exec(stdout) ?? []
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? []
  const [, p99 = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  return {
    requestsPerCpuSecond: Number(requests) / used,
    requestsPerSecond: Number(rate),
    refused: Number(refusals ?? 0) / Math.max(1, Number(requests)),
    p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN),
  }
}

/** User and system time of all threads, from proc(5). */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** Says what to install when wrk is not there. */
export async function requireWrk(): Promise<string> {
  try {
    const { stdout } = await run('wrk', ['-v']).catch((error: ExecFileException & { stdout: string }) => {
      if (error.code === 'ENOENT') throw error
      return error // it exits with 1 after its version
    })
    return /wrk [^[]*/.exec(stdout)?.[0].trim() ?? 'wrk'
  } catch {
    throw new Error('wrk is needed for the load: apt-get install wrk (or brew install wrk)')
  }
}
