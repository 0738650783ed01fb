import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const INTERVAL_MS = 1_000
/** https://www.sqlite.org/fileformat.html#the_database_header */
const MAGIC = 'SQLite format 3\0'

/** The file on the disk is not the one that was opened, or not a database any more. */
export class FileError extends Error {
  override name = 'FileError'
}

/**
 * Notices a database file that was deleted, replaced or overwritten. An open handle does not: it goes on with cached
 * pages and an unlinked file, and acknowledges writes that are lost at the next start.
 */
export class SqliteFile {
  readonly #path: string
  readonly #inode: number
  #checkedAt: number
  #error: FileError | undefined

  constructor(path: string) {
    this.#path = path
    this.#inode = statSync(path).ino
    this.#checkedAt = performance.now()
  }

  /**
   * Checks the file at most once a second and remembers the result until then.
   *
   * @param now milliseconds of a monotonic clock
   * @throws {FileError}
   */
  check(now: number): void {
    if (now >= this.#checkedAt + INTERVAL_MS) {
      this.#checkedAt = now
      this.#error = this.#examine()
    }
    if (this.#error) throw this.#error
  }

  #examine(): FileError | undefined {
    try {
      if (statSync(this.#path).ino !== this.#inode) return new FileError(`${this.#path} was replaced`)
      readFromDisk(this.#path)
      return undefined
    } catch (cause) {
      return new FileError(`${this.#path} cannot be read`, { cause })
    }
  }
}

/**
 * Reads the header, whose pages in the write-ahead log would hide that the file itself was overwritten, and the schema,
 * through handles that have nothing cached.
 */
function readFromDisk(path: string): void {
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(MAGIC.length)
    readSync(file, header, 0, header.length, 0)
    if (header.toString('latin1') !== MAGIC) throw new Error('not a database')
  } finally {
    closeSync(file)
  }
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    database.prepare('select count(*) from sqlite_schema').get()
  } finally {
    database.close()
  }
}
