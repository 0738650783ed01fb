import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cpuSeconds, residentBytes } from '../test/helpers/process-figures.ts'
import { describeMachine, median, spread, table, writeBetweenMarks } from './page.ts'
import { startServer } from './server-process.ts'
import { IMAGE_FLAGS, type Setup } from './setup.ts'

const run = promisify(execFile)

const IDLE_MS = 3_000
const [READY_GOAL_MS, IDLE_GOAL_MB] = [450, 110]
/** Installed with the benchmark, where the platform has it. */
const NODE_26 = join(import.meta.dirname, 'node_modules/node-26/bin/node')

interface Starts {
  version: string
  readyMs: number[]
  /** Processor time of all threads until the first response. */
  cpuMs: number[]
  idleMB: number[]
}

/** Measures start and idle memory of the service on this Node and on Node 26, in turn. The web app is disabled. */
export async function measureStarts(setup: Setup, times: number): Promise<void> {
  const nodes = [process.execPath, ...(existsSync(NODE_26) ? [NODE_26] : [])]
  const caches = await Promise.all(nodes.map(() => mkdtemp(join(tmpdir(), 'gatehouse-cache-'))))
  const starts: Starts[] = nodes.map(() => ({ version: '', readyMs: [], cpuMs: [], idleMB: [] }))
  try {
    for (let round = -1; round < times; round++) {
      for (const [index, node] of nodes.entries()) {
        const figures = await measureStart(setup, node, caches[index] as string)
        const start = starts[index] as Starts
        start.version = figures.version
        if (round === -1) continue // fills the cache
        start.readyMs.push(figures.readyMs)
        start.cpuMs.push(figures.cpuMs)
        start.idleMB.push(figures.idleMB)
      }
    }
  } finally {
    await Promise.all(caches.map((cache) => rm(cache, { recursive: true })))
  }
  const header = ['process', 'median', 'lowest - highest', 'goal', 'met']
  const text = `${describeMachine()}; ${times} starts of each in turn, on one core.`
  await writeBetweenMarks(
    'benchmarks.md',
    'bench -- --only=starts',
    `${text}\n\n${table(header, starts.flatMap(rows))}`,
  )
}

async function measureStart({ environment }: Setup, node: string, cache: string) {
  const variables = { ...environment, DATABASE_URL: `file:${cache}/gatehouse.db`, NODE_COMPILE_CACHE: cache }
  const script = join(import.meta.dirname, '../src/server.ts')
  const { stdout: version } = await run(node, ['-p', 'process.versions.node'])
  const server = await startServer(script, variables, '/livez', [node, ...IMAGE_FLAGS])
  const cpuMs = cpuSeconds(server.process.pid as number) * 1000
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const idleMB = residentBytes(server.process.pid as number) / 1e6
  await server.stop()
  return { readyMs: server.readyMs, cpuMs, idleMB, version: version.trim() }
}

function rows({ version, readyMs, cpuMs, idleMB }: Starts): string[][] {
  const row = (name: string, values: readonly number[], unit: string, goal?: number) => {
    const value = median(values)
    return [
      `${name}, Node ${version}`,
      `${Math.round(value)} ${unit}`,
      spread(values),
      ...(goal === undefined ? ['', ''] : [`under ${goal} ${unit}`, value < goal ? 'yes' : '**no**']),
    ]
  }
  return [
    row('start to first answer, warm compile cache', readyMs, 'ms', READY_GOAL_MS),
    row('processor time until then', cpuMs, 'ms'),
    row('resident when idle', idleMB, 'MB', IDLE_GOAL_MB),
  ]
}
