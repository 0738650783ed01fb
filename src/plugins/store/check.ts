import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { openForCheck, toPath } from './database.ts'
import { missingMigrations } from './migrate.ts'
import { makeProbe } from './probe.ts'
import type { Store } from './schema.ts'

/**
 * Opens the database without migrating or creating anything.
 *
 * @returns its state
 * @throws {Error} if it cannot be used
 */
export async function checkDatabase(url: string): Promise<string> {
  const store = await openForCheck(url)
  if (!store) {
    accessSync(existingFolder(toPath(url)), constants.W_OK | constants.X_OK)
    return 'does not exist yet and is created at the start'
  }
  const [result] = await Promise.allSettled([examine(store)])
  await store.destroy()
  if (result.status === 'fulfilled') return result.value
  throw result.reason.cause ?? result.reason // the driver's own error has the reason
}

async function examine(store: Store): Promise<string> {
  const { length: count } = await missingMigrations(store)
  if (count > 0) return `opens, but lacks ${count} migrations`
  const fault = await makeProbe(store)()
  if (fault) throw fault.cause
  return 'opens and is up to date'
}

/** Nearest folder of the path that exists. */
function existingFolder(path: string): string {
  const folder = dirname(resolve(path))
  return existsSync(folder) ? folder : existingFolder(folder)
}
