import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Creates a folder with its parents, and returns the outermost folder that was created. `mkdirSync` with `recursive`
 * never returns below folders that refuse new ones with ENOENT, such as /proc.
 */
export function createFolder(path: string): string | undefined {
  const folder = resolve(path)
  if (existsSync(folder)) return undefined
  const outermost = createFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // another process may have created it
  }
  return outermost ?? folder
}
