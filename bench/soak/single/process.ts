import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePort } from '../../../test/helpers/free-port.ts'
import { AUDIENCE } from '../../../test/helpers/issuer.ts'
import { webAppAt } from '../../../test/helpers/web-app.ts'
import type { WebBrowser } from '../../../test/helpers/web-browser.ts'
import { loggedInAt, type WebIssuer } from '../../../test/helpers/web-issuer.ts'
import type { Children } from '../children.ts'
import { residentMib } from '../memory.ts'
import { Replica, type ReplicaOptions } from '../replica.ts'
import { Callers } from './callers.ts'

const DISK_MIB = 16

/** One process of the service with SQLite on a disk of its own, and its callers. */
export class SingleProcess {
  readonly replica: Replica
  readonly web: WebIssuer
  readonly callers: Callers
  /** Folder of the database. A small disk of its own, if this process may mount one. */
  readonly folder: string
  readonly hasOwnDisk: boolean
  browser: WebBrowser | undefined
  peakMib = 0
  #watch: NodeJS.Timeout | undefined

  static async start(children: Children, folder: string, web: WebIssuer, options: ReplicaOptions) {
    await mkdir(folder)
    const process = new SingleProcess(children, folder, await freePort(), web, options)
    await process.replica.start()
    await process.logIn()
    process.callers.start(await web.issuer.sign())
    process.#watch = setInterval(() => {
      process.peakMib = Math.max(process.peakMib, residentMib(process.replica.pid) ?? 0)
    }, 100)
    return process
  }

  constructor(children: Children, folder: string, port: number, web: WebIssuer, options: ReplicaOptions) {
    this.folder = folder
    this.hasOwnDisk =
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]).status === 0
    const url = `http://127.0.0.1:${port}`
    const environment = {
      AUTH0_DOMAIN: web.issuer.url,
      AUTH0_AUDIENCE: AUDIENCE,
      DATABASE_URL: `file:${this.database}`,
      SHUTDOWN_DELAY_SECONDS: '0',
      LOG_LEVEL: options.isOutputUnread ? 'info' : 'warn',
      ...webAppAt(url),
    }
    this.web = web
    this.replica = new Replica(children, 'single', port, environment, options)
    this.callers = new Callers(url)
  }

  get database(): string {
    return join(this.folder, 'test.db')
  }

  async logIn(): Promise<void> {
    this.browser = await loggedInAt(this.replica, this.web)
    this.callers.cookie = `gatehouse-session=${this.browser.cookies(this.replica.url).get('gatehouse-session')}`
  }

  /** Number of acknowledged to-dos that the database does not have. */
  lost(): number {
    const database = new DatabaseSync(this.database, { readOnly: true })
    const rows = database.prepare('select id, title from todos').all()
    database.close()
    const kept = new Map(rows.map(({ id, title }) => [id, title]))
    return this.callers.acknowledged.filter(({ id, title }) => kept.get(id) !== title).length
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    await this.callers.stop()
    await this.replica.end('SIGKILL')
    if (this.hasOwnDisk) spawnSync('umount', [this.folder])
  }
}
