import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import root, { type Test } from 'tap'
import { startPostgres } from './postgres-server.ts'

let server: Promise<string> | undefined

/**
 * Creates an empty database and drops it after the test. The server is the one at TEST_DATABASE_URL, or an embedded
 * one that runs as long as this process. Without a server, the test is visibly skipped; in CI it fails.
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

/** Runs the test with the URL of a new and empty PostgreSQL database. */
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

async function startServer(): Promise<string> {
  const { url, stop } = await startPostgres()
  root.teardown(stop)
  return url
}
