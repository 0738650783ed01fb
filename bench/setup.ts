import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AUDIENCE, startIssuer } from './issuer.ts'
import { type Figures, type Load, load, requireWrk } from './load.ts'
import { type ServerProcess, startServer } from './server-process.ts'

export const SECONDS = 1
export const CONNECTIONS = 32
/** Number of callers with known tokens. */
export const KNOWN = 100
/** Flags of Node in the image. */
export const IMAGE_FLAGS = ['--disable-sigusr1', '--max-semi-space-size=4']
export const GATEHOUSE = '../src/server.ts'

/** Common setup of all measurements: an issuer, a folder, and servers that trust the issuer. */
export class Setup {
  readonly wrk: string
  readonly folder: string
  readonly #issuer: Awaited<ReturnType<typeof startIssuer>>
  readonly #servers = new Map<string, ServerProcess>()

  private constructor(wrk: string, folder: string, issuer: Awaited<ReturnType<typeof startIssuer>>) {
    this.wrk = wrk
    this.folder = folder
    this.#issuer = issuer
  }

  static async make(): Promise<Setup> {
    return new Setup(
      await requireWrk(),
      await mkdtemp(join(tmpdir(), 'gatehouse-bench-')),
      await startIssuer(),
    )
  }

  get issuer(): string {
    return this.#issuer.issuer
  }

  get makeTokens() {
    return this.#issuer.makeTokens
  }

  /** Configuration of Gatehouse for all measurements. */
  get environment() {
    return {
      AUTH0_DOMAIN: this.issuer,
      AUTH0_AUDIENCE: AUDIENCE,
      DATABASE_URL: 'file::memory:',
      LOG_LEVEL: 'warn',
    }
  }

  /** Starts a server under the given key; it is ready when the path responds. */
  async start(key: string, script: string, environment: Record<string, string>, path: string) {
    this.#servers.set(key, await startServer(join(import.meta.dirname, script), environment, path))
  }

  urlOf(key: string): string {
    return this.#server(key).url
  }

  load(key: string, path: string, more: Partial<Load> = {}): Promise<Figures> {
    const { url, process } = this.#server(key)
    const options = { pid: process.pid ?? 0, seconds: SECONDS, connections: CONNECTIONS }
    return load({ ...options, url: `${url}${path}`, ...more })
  }

  /** Writes a file for {@link Load.tokens}. */
  async writeTokens(name: string, tokens: readonly string[]): Promise<string> {
    const file = join(this.folder, name)
    await writeFile(file, `${tokens.join('\n')}\n`)
    return file
  }

  async stopServers(): Promise<void> {
    for (const server of this.#servers.values()) await server.stop()
    this.#servers.clear()
  }

  async close(): Promise<void> {
    await this.stopServers()
    this.#issuer.close()
    await rm(this.folder, { recursive: true })
  }

  #server(key: string): ServerProcess {
    const server = this.#servers.get(key)
    if (!server) throw new Error(`no server ${key} was started`)
    return server
  }
}
