import { rmSync, unlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { head, openSocket } from '../../../test/helpers/raw-http.ts'
import { residentMib } from '../memory.ts'
import { exchangeHeader, fillDisk, freeDisk } from './disk.ts'
import type { SingleFault } from './fault.ts'
import { refreshWhileLocked } from './refresh.ts'

const MAX_FILES = 256
const NOTICED_MS = 2_500
const MAX_PEAK_MIB = 250
const MAX_RESIDENT_MIB = 200
const RELEASED_WITHIN_MS = 60_000
/** The default of SHUTDOWN_GRACE_SECONDS, and a second more. */
const ENDED_WITHIN_MS = 11_000

const unavailable = ['503'] as const
const onlyWritesFail = { '/readyz': unavailable, 'new to-do': unavailable }
const allStatementsFail = { ...onlyWritesFail, 'list of to-dos': unavailable, 'profile page': unavailable }

let sockets: Socket[] = []
const closeSockets = () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
}
let lock: DatabaseSync | undefined
let savedHeader: Buffer = Buffer.alloc(100)

export const singleFaults: readonly SingleFault[] = [
  {
    name: `more idle connections than the ${MAX_FILES} files that the process may open`,
    promise: 'open connections are served',
    expected: {},
    options: { maxFiles: MAX_FILES },
    begin: async ({ replica }) => {
      while (sockets.length < MAX_FILES + 60)
        sockets.push((await openSocket(replica.url)).on('error', () => {}))
    },
    settleMs: 500,
    holdMs: 5_000,
    end: closeSockets,
  },
  {
    name: '1,300 pipelined requests on each of 4 connections, and no response is read',
    promise: `nothing fails; at most ${MAX_PEAK_MIB} MiB, and ${MAX_RESIDENT_MIB} MiB a minute later`,
    expected: {},
    begin: async ({ replica }) => {
      const requests = `${head('GET', '/openapi.json')}\r\n`.repeat(1_300)
      for (let count = 0; count < 4; count++) {
        const socket = (await openSocket(replica.url)).on('error', () => {}).pause()
        socket.write(requests)
        sockets.push(socket)
      }
    },
    holdMs: 2_000,
    end: () => {}, // the connections stay open
    check: async (single) => {
      const began = performance.now()
      const resident = () => residentMib(single.replica.pid) ?? Number.NaN
      while (resident() > MAX_RESIDENT_MIB && performance.now() - began < RELEASED_WITHIN_MS) await delay(500)
      closeSockets()
      const note = `at most ${Math.round(single.peakMib)} MiB, afterwards ${Math.round(resident())} MiB`
      if (single.peakMib > MAX_PEAK_MIB || resident() > MAX_RESIDENT_MIB) throw new Error(note)
      return note
    },
  },
  refreshWhileLocked,
  {
    name: 'another process holds the write lock of SQLite for 8 s',
    promise: 'writes and `/readyz` are 503, reads succeed',
    expected: onlyWritesFail,
    begin: ({ database }) => {
      lock = new DatabaseSync(database)
      lock.exec('begin immediate')
    },
    settleMs: NOTICED_MS,
    holdMs: 5_000,
    end: () => {
      lock?.exec('rollback')
      lock?.close()
    },
  },
  {
    name: 'the database file is deleted; the process is restarted afterwards',
    promise: 'requests that need the database and `/readyz` are 503',
    expected: allStatementsFail,
    begin: ({ database }) => unlinkSync(database),
    settleMs: NOTICED_MS,
    holdMs: 3_000,
    end: async (single) => {
      single.callers.acknowledged.length = 0 // deleted with the file
      await single.replica.end('SIGTERM')
      for (const suffix of ['-wal', '-shm']) rmSync(single.database + suffix, { force: true })
      await single.replica.start()
      await single.logIn()
    },
  },
  {
    name: 'the header of the database file is overwritten, and restored',
    promise: 'requests that need the database and `/readyz` are 503',
    expected: allStatementsFail,
    begin: ({ database }) => {
      savedHeader = exchangeHeader(database, Buffer.alloc(100))
    },
    settleMs: NOTICED_MS,
    holdMs: 3_000,
    end: ({ database }) => void exchangeHeader(database, savedHeader),
  },
  {
    name: 'the disk is full, and has space again',
    promise: 'writes and `/readyz` are 503, reads succeed',
    expected: onlyWritesFail,
    begin: fillDisk,
    settleMs: NOTICED_MS,
    holdMs: 4_000,
    end: freeDisk,
  },
  {
    name: 'standard output is not read, then SIGTERM',
    promise: 'nothing fails; the process ends within the grace time',
    expected: {},
    options: { isOutputUnread: true },
    begin: async ({ replica }) => {
      const flood = async () => {
        for (let count = 0; count < 400; count++) await (await fetch(`${replica.url}/todo`)).text() // 401, logged
      }
      await Promise.all(Array.from({ length: 25 }, flood))
    },
    holdMs: 2_000,
    end: () => {},
    check: async ({ replica }) => {
      const began = performance.now()
      const timer = setTimeout(() => void replica.end('SIGKILL'), ENDED_WITHIN_MS)
      await replica.end('SIGTERM')
      clearTimeout(timer)
      const tookMs = performance.now() - began
      await replica.start()
      const note = `ended after ${(tookMs / 1_000).toFixed(1)} s`
      if (tookMs > ENDED_WITHIN_MS) throw new Error(note)
      return note
    },
  },
]
