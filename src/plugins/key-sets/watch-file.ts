import { stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { Issuer } from '../auth/index.ts'

export const WATCH_INTERVAL_MS = 60_000

/**
 * Reads the keys of a file at the start, and again when its time of modification changes. Unlike the events of a file system, the time
 * also shows changes in mounted volumes.
 */
export function watchFile(app: FastifyInstance, path: string, keySet: Issuer['keySet']): void {
  let readAt: number | undefined
  const read = async () => {
    const modifiedAt = await modificationTime(path)
    const isRead = modifiedAt !== undefined && modifiedAt === readAt && keySet.isUsable(Date.now())
    if (isRead) return
    await keySet.renew(Date.now()).catch(() => {}) // logged by plugins/auth
    readAt = modifiedAt
  }
  const timer = setInterval(read, WATCH_INTERVAL_MS).unref()
  app.addHook('onListen', read)
  app.addHook('onClose', async () => clearInterval(timer))
}

async function modificationTime(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return undefined
  }
}
