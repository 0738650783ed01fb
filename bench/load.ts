import { type ExecFileException, execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { cpuSeconds } from '../test/helpers/process-figures.ts'

export interface Load {
  url: string
  /** Process id of the server. */
  pid: number
  seconds: number
  connections: number
  /** File of tokens, one per line with its DPoP proof if it has one, which are sent in turn. */
  tokens?: string
  /** Number of lines of the file to skip, more than it has if it was sent more than once. */
  skipped?: number
  /** JSON body of a POST; without it, a GET is sent. Requires tokens. */
  body?: string
  /** Allows responses other than 2xx, when they are measured. */
  allowsRejections?: boolean
}

export interface Figures {
  requests: number
  /** Requests per second of processor time, over all threads of the server. */
  requestsPerCpuSecond: number
  /** Wall-clock rate, which includes waiting and depends on the other load of the machine. */
  requestsPerSecond: number
  p99Ms: number
  /** Share of responses other than 2xx; above 0 only if `allowsRejections` is set. */
  rejected: number
}

const run = promisify(execFile)

/** The load runs on this core, the server on core 0. */
export const LOAD_CORE = '1'

/** Runs wrk with one thread. Throws on unexpected rejections, since they are faster than valid responses. */
export async function load(options: Load): Promise<Figures> {
  const { url, pid, seconds, connections, tokens, skipped = 0, body, allowsRejections = false } = options
  const script = tokens === undefined ? [] : ['-s', `${import.meta.dirname}/requests.lua`]
  const sent = tokens === undefined ? [] : ['--', tokens, `${skipped}`, ...(body === undefined ? [] : [body])]
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...script, url, ...sent]
  const before = cpuSeconds(pid)
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, 'wrk', ...args])
  const used = cpuSeconds(pid) - before
  const rejections = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1]
  if (rejections !== undefined && !allowsRejections) throw new Error(`${url} rejected ${rejections} requests`)
  const [, requests] = /(\d+) requests in/.exec(stdout) ?? []
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? []
  const [, p99 = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  return {
    requests: Number(requests),
    requestsPerCpuSecond: Number(requests) / used,
    requestsPerSecond: Number(rate),
    rejected: Number(rejections ?? 0) / Math.max(1, Number(requests)),
    p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN),
  }
}

/** Finds wrk, or throws with an installation hint. */
export async function requireWrk(): Promise<string> {
  try {
    const { stdout } = await run('wrk', ['-v']).catch((error: ExecFileException & { stdout: string }) => {
      if (error.code === 'ENOENT') throw error
      return error // it exits with 1 after its version
    })
    return /wrk [^[]*/.exec(stdout)?.[0].trim() ?? 'wrk'
  } catch {
    throw new Error('wrk is required for the load: apt-get install wrk (or brew install wrk)')
  }
}
