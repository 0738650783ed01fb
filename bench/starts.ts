import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from './server-process.ts'

const IDLE_MS = 3_000

export interface Starts {
  readyMs: number[]
  idleMB: number[]
}

/** Measures the time from process start to the first response of /livez with a warm compile cache, and resident memory when idle. */
export async function measureStarts(environment: Record<string, string>, times: number): Promise<Starts> {
  const cache = await mkdtemp(join(tmpdir(), 'gatehouse-cache-'))
  const script = join(import.meta.dirname, '../src/server.ts')
  const DATABASE_URL = `file:${cache}/gatehouse.db`
  const start = () =>
    startServer(script, { ...environment, DATABASE_URL, NODE_COMPILE_CACHE: cache }, '/livez')
  const starts: Starts = { readyMs: [], idleMB: [] }
  try {
    await (await start()).stop() // fills the cache
    for (let i = 0; i < times; i++) {
      const server = await start()
      starts.readyMs.push(server.readyMs)
      if (i < 3) {
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
        starts.idleMB.push(await residentMB(server.process.pid))
      }
      await server.stop()
    }
  } finally {
    await rm(cache, { recursive: true })
  }
  return starts
}

async function residentMB(pid = 0): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1.024e-3
}
