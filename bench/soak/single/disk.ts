import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SingleProcess } from './process.ts'

const MIB = 1_048_576

/** Writes the first bytes of a file. @returns the bytes that were there */
export function exchangeHeader(path: string, bytes: Buffer): Buffer {
  const file = openSync(path, 'r+')
  const before = Buffer.alloc(bytes.length)
  readSync(file, before, 0, before.length, 0)
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
  return before
}

/** Fills the disk of the database. Without a disk of its own, the process may not write beyond the size of its files. */
export function fillDisk({ hasOwnDisk, folder, database, replica }: SingleProcess): void {
  if (!hasOwnDisk) {
    setMaxFileSize(replica.pid, String(statSync(`${database}-wal`).size))
    return
  }
  const filler = join(folder, 'filler')
  for (const bytes of [MIB, 4_096]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' })
    } catch {} // full
  }
}

export function freeDisk({ hasOwnDisk, folder, replica }: SingleProcess): void {
  if (hasOwnDisk) truncateSync(join(folder, 'filler'), 0)
  else setMaxFileSize(replica.pid, 'unlimited')
}

function setMaxFileSize(pid: number, soft: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`prlimit failed: ${stderr}`)
}
