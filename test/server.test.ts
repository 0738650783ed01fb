import type { ChildProcess } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { bearer, type LogLine } from './helpers/app.ts'
import { freePort } from './helpers/free-port.ts'
import { AUDIENCE, TestIssuer } from './helpers/issuer.ts'
import { preload, required, type Surroundings, spawnServer, start } from './helpers/process.ts'

/** Starts the service with one request in flight, which waits for the keys of an issuer that does not respond. */
async function startBusy(t: Test, surroundings: Surroundings = {}) {
  const issuer = await TestIssuer.start(t)
  const environment = { ...required, AUTH0_DOMAIN: issuer.url, ...surroundings.environment }
  const server = start(t, { ...surroundings, environment })
  const url = await server.listening()
  await server.logged('key set fetched') // the fetch at the start
  await issuer.addKey('key-2') // not known yet
  const held: ServerResponse[] = []
  const asked = new Promise<void>((resolve) => {
    issuer.misbehaviour = (_request, response) => {
      held.push(response)
      resolve()
    }
  })
  const answer = fetch(`${url}/api/private`, { headers: bearer(await issuer.sign()) }).catch(
    (error: Error) => error,
  )
  await asked
  const release = () => {
    issuer.misbehaviour = undefined
    const discovery = { issuer: issuer.url, jwks_uri: `${issuer.url}jwks.json` }
    for (const response of held) response.end(JSON.stringify(discovery))
  }
  return { ...server, answer, release, url }
}

/** The service with a standard output that is not read. */
function startUnread(t: Test, environment: Record<string, string>) {
  const child = spawnServer(t, { environment: { ...required, ...environment } })
  return { child, ended: once(child, 'exit'), url: `http://127.0.0.1:${environment.PORT}` }
}

async function isServed(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

async function signal(
  child: ChildProcess,
  logged: (message: string) => Promise<LogLine>,
  name: NodeJS.Signals,
) {
  child.kill(name)
  t.match(await logged('closing'), { signal: name })
}

t.test('by default it listens on every address of localhost', async (t) => {
  const { HOST, ...environment } = required
  const { listening, child, ended } = start(t, { environment })
  const { port } = new URL(await listening())
  const addresses = await lookup('localhost', { all: true })
  for (const { address, family } of addresses) {
    const host = family === 6 ? `[${address}]` : address
    t.equal((await fetch(`http://${host}:${port}/livez`)).status, 200, address)
  }
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('it logs its address and serves there', async (t) => {
  const { listening, child, ended } = start(t, { environment: required })
  const url = await listening()
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.strictSame(await (await fetch(`${url}/livez`)).json(), { status: 'ok' })
  child.kill('SIGTERM')
  const { code, stdout, stderr } = await ended
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /"msg":"closing"\}\n(.*\n)*.*"msg":"closed"\}$/, 'the end of the shutdown is logged')
})

t.test('the log begins with the configuration and warnings about variables without effect', async (t) => {
  const files = { '.env': 'NODE_USE_ENV_PROXY=1\nDATABASE_URL=file:x.db' }
  const environment = {
    ...required,
    RATE_LIMT_MAX: '5',
    DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/none',
  }
  const { listening, child, ended } = start(t, { files, environment })
  await listening()
  child.kill('SIGTERM')
  const { stdout } = await ended
  const [first, ...others] = stdout.split('\n').map((line) => JSON.parse(line))
  t.match(first, {
    level: 30,
    configuration: { issuers: 'https://issuer.test/', metrics: 'off' },
    msg: 'starting',
  })
  const warnings = others.filter(({ level }) => level === 40).map(({ msg }) => msg)
  t.match(warnings.slice(0, 2), [
    /^RATE_LIMT_MAX .* RATE_LIMIT_MAX\?$/,
    /^NODE_USE_ENV_PROXY has no effect in \.env/,
  ])
  t.notMatch(stdout, /hunter2/)
})

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`on ${name} it finishes the request in flight, closes its port and exits 0`, async (t) => {
    const { child, ended, logged, answer, release, url } = await startBusy(t)
    await signal(child, logged, name)
    while (await isServed(`${url}/livez`)); // until the port is closed
    release()
    const response = (await answer) as Response
    t.equal(response.status, 200)
    t.match(await response.json(), { message: /private/ })
    t.match(await ended, { code: 0, stderr: '' })
  })
}

t.test('during the shutdown delay it is unready, serves requests and closes their connections', async (t) => {
  const { child, ended, logged, listening } = start(t, {
    environment: { ...required, SHUTDOWN_DELAY_SECONDS: '600' },
  })
  const url = await listening()
  const checks = async () => ((await (await fetch(`${url}/readyz`)).json()) as { checks: object }).checks
  t.match(await checks(), { process: 'ok' })
  t.equal((await fetch(`${url}/livez`)).headers.get('connection'), 'keep-alive')
  await signal(child, logged, 'SIGTERM')
  t.match(await checks(), { process: 'shutting down' })
  const served = await fetch(`${url}/livez`)
  t.strictSame([served.status, served.headers.get('connection')], [200, 'close'])
  child.kill('SIGTERM') // a second signal also ends the delay
  t.match(await ended, { code: 1 })
})

t.test('after the shutdown delay it finishes the request in flight and exits 0', async (t) => {
  const { child, ended, logged, answer, release, url } = await startBusy(t, {
    environment: { SHUTDOWN_DELAY_SECONDS: '1', SHUTDOWN_GRACE_SECONDS: '600' },
  })
  await signal(child, logged, 'SIGTERM')
  while (await isServed(`${url}/livez`));
  release()
  t.equal(((await answer) as Response).status, 200)
  t.match(await ended, { code: 0, stderr: '' })
})

t.test('a second signal makes it exit 1 immediately', async (t) => {
  const { child, ended, logged, answer } = await startBusy(t, {
    environment: { SHUTDOWN_GRACE_SECONDS: '600' },
  })
  await signal(child, logged, 'SIGTERM')
  child.kill('SIGINT')
  t.match(await ended, { code: 1, stdout: /second SIGINT, exiting/ })
  t.type(await answer, Error)
})

t.test('at the end of the grace time it exits 1', async (t) => {
  const { child, ended, logged, answer } = await startBusy(t, {
    environment: { SHUTDOWN_GRACE_SECONDS: '1' },
  })
  await signal(child, logged, 'SIGTERM')
  t.match(await ended, { code: 1, stdout: /killed by timeout \(1000ms\)/ })
  t.type(await answer, Error)
})

t.test('after an uncaught error it finishes the request in flight without delay and exits 1', async (t) => {
  const bug = "process.on('SIGWINCH', () => { throw new Error('a bug') })"
  const { child, ended, logged, answer, release } = await startBusy(t, {
    environment: { SHUTDOWN_DELAY_SECONDS: '600' },
    execArgv: preload(bug),
  })
  child.kill('SIGWINCH')
  t.match(await logged('closing after an unexpected error'), { level: 60, err: { message: 'a bug' } })
  release()
  t.equal(((await answer) as Response).status, 200)
  t.match(await ended, { code: 1 })
})

t.test('when standard output is not read, requests are served and SIGTERM ends the process', async (t) => {
  const PORT = String(await freePort())
  const { child, ended, url } = startUnread(t, { PORT, LOG_LEVEL: 'trace', SHUTDOWN_GRACE_SECONDS: '1' })
  while (!(await isServed(`${url}/livez`))) await delay(50)
  const longPath = `${url}/${'x'.repeat(1_000)}` // paths are logged
  for (let sent = 0; sent < 1_000; sent += 50) {
    const requests = Array.from({ length: 50 }, async () => (await fetch(longPath)).text())
    await Promise.all(requests)
  }
  child.kill('SIGTERM')
  t.match(await ended, [0, null])
})

t.test('when standard output is closed, requests are served and SIGTERM ends the process', async (t) => {
  const PORT = String(await freePort())
  const { child, ended, url } = startUnread(t, { PORT })
  while (!(await isServed(`${url}/livez`))) await delay(50)
  child.stdout.destroy()
  for (let sent = 0; sent < 10; sent++) t.equal((await fetch(`${url}/api/public`)).status, 200)
  child.kill('SIGTERM')
  t.match(await ended, [0, null])
})

t.test(
  'with a wrong configuration it exits 1 and lists every fault without a stack or a value',
  async (t) => {
    const environment = {
      AUTH0_AUDIENCE: AUDIENCE,
      PORT: 'hunter2',
      BASE_URL: 'hunter2',
    }
    const { code, stdout, stderr } = await start(t, { environment }).ended
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr.split('\n'), [
      'The configuration is not usable:',
      /^ {2}AUTH0_DOMAIN is missing: /,
      /^ {2}PORT is wrong: /,
      /^ {2}BASE_URL is wrong: /,
      '',
    ])
    t.notMatch(stderr, /^ +at |hunter2/m)
  },
)

t.test('with its port in use it exits 1 with one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const PORT = String((other.address() as AddressInfo).port)
  const { code, stderr } = await start(t, { environment: { ...required, PORT } }).ended
  t.equal(code, 1)
  t.equal(stderr, `port ${PORT} is in use: set PORT\n`)
})

t.test('with an address of another machine it exits 1 with one line', async (t) => {
  for (const [HOST, code] of [
    ['192.0.2.1', 'EADDRNOTAVAIL'],
    ['host.invalid', 'E[A-Z_]+'],
  ] as const) {
    const { stderr } = await start(t, { environment: { ...required, HOST } }).ended
    t.match(stderr, new RegExp(`^${HOST} cannot be listened on \\(${code}\\): set HOST\n$`))
  }
})

t.test('with an unusable database file it exits 1 with one line', async (t) => {
  const { code, stderr } = await start(t, { environment: { ...required, DATABASE_URL: 'file:.' } }).ended
  t.equal(code, 1)
  t.equal(stderr, 'The configuration is not usable:\n  DATABASE_URL names .: unable to open database file\n')
})

t.test('with a database below /proc it exits 1 with one line', async (t) => {
  const environment = { ...required, DATABASE_URL: 'file:/proc/nope/x.db' }
  const { code, stderr } = await start(t, { environment }).ended
  t.equal(code, 1)
  t.match(
    stderr,
    /^The configuration is not usable:\n {2}DATABASE_URL names \/proc\/nope\/x\.db: E[A-Z]+: .*\n$/,
  )
})

t.test('without PostgreSQL it starts, logs a warning and is unready', async (t) => {
  const environment = { ...required, DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/none' }
  const { listening, logged, child, ended } = start(t, { environment })
  const url = await listening()
  t.match(await logged('the store is unavailable'), { level: 40, reason: 'unreachable' })
  t.match(await (await fetch(`${url}/readyz`)).json(), {
    status: 'unready',
    checks: { store: 'unreachable' },
  })
  t.equal((await fetch(`${url}/livez`)).status, 200)
  child.kill('SIGTERM')
  const { code, stdout } = await ended
  t.equal(code, 0)
  t.notMatch(stdout, /hunter2/)
})

t.test('when killed during registrations, it keeps every acknowledged user', async (t) => {
  const issuer = await TestIssuer.start(t)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-')) // start() empties the folder of the test
  t.teardown(() => rmSync(folder, { recursive: true }))
  const environment = { ...required, AUTH0_DOMAIN: issuer.url, DATABASE_URL: `file:${folder}/test.db` }
  const headers = {
    ...bearer(await issuer.sign({ scope: 'create:users read:users' })),
    'content-type': 'application/json',
  }

  const first = start(t, { environment })
  const url = await first.listening()
  const acknowledged: { id: number }[] = []
  let started = 0
  /** Registers one user after the other until the service is gone. */
  const register = async () => {
    for (;;) {
      const body = JSON.stringify({ issuer: issuer.url, subject: `auth0|${started++}` })
      const response = await fetch(`${url}/api/users`, { method: 'POST', headers, body })
      if (response.status === 201) acknowledged.push((await response.json()) as { id: number })
      if (acknowledged.length === 50) first.child.kill('SIGKILL')
    }
  }
  await Promise.allSettled(Array.from({ length: 20 }, register))
  await first.ended
  t.ok(acknowledged.length >= 50, `${acknowledged.length} of ${started} were acknowledged`)

  const second = start(t, { environment })
  const again = await second.listening()
  for (const user of acknowledged) {
    const response = await fetch(`${again}/api/users/${user.id}`, { headers })
    t.strictSame(await response.json(), user)
  }
})

t.test('an unexpected error at the start is printed with its stack', async (t) => {
  const bug =
    "import net from 'node:net'; net.Server.prototype.listen = () => { throw new TypeError('a bug') }"
  const { code, stderr } = await start(t, { environment: required, execArgv: preload(bug) }).ended
  t.equal(code, 1)
  t.match(stderr, /^TypeError: a bug\n +at /)
})

t.test('it reads .env in its working directory, and the environment takes precedence', async (t) => {
  const files = { '.env': 'AUTH0_DOMAIN=issuer.test\nAUTH0_AUDIENCE=api\nPORT=none\nLOG_LEVEL=debug' }
  const environment = { PORT: '0', DATABASE_URL: 'file::memory:' }
  const { listening, child, ended } = start(t, { files, environment })
  t.equal((await fetch(`${await listening()}/livez`)).status, 200)
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('a byte order mark in .env is not part of the first variable', async (t) => {
  const files = { '.env': '\ufeffAUTH0_DOMAIN=issuer.test\nAUTH0_AUDIENCE=api\nDATABASE_URL=file::memory:' }
  const { listening, child, ended } = start(t, { files, environment: { PORT: '0' } })
  await listening()
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('a .env that is not UTF-8 stops the start', async (t) => {
  const files = { '.env': Buffer.from('\ufeffAUTH0_DOMAIN=issuer.test', 'utf16le') as unknown as string }
  const { code, stderr } = await start(t, { files, environment: required }).ended
  t.match({ code, stderr }, { code: 1, stderr: /^\.env cannot be read: .*utf-8\n$/ })
})

t.test('an unreadable .env stops the start', async (t) => {
  const { code, stderr } = await start(t, { files: { '.env': {} }, environment: required }).ended
  t.equal(code, 1)
  t.match(stderr, /\.env/)
})

t.test('a route without a guard stops the boot with the message only, without a stack', async (t) => {
  const unguarded = `import { registerHooks } from 'node:module'
    registerHooks({
      load(url, context, next) {
        const loaded = next(url, context)
        if (!url.endsWith('/routes/health.ts')) return loaded
        // As long as before, because coverage counts by position
        return { ...loaded, source: String(loaded.source).replace('public: true,', (text) => ' '.repeat(text.length)) }
      },
    })`
  const { code, stderr } = await start(t, { environment: required, execArgv: preload(unguarded) }).ended
  t.equal(code, 1)
  t.match(stderr, /^GET \/livez does not say who may call it\. Give its options exactly one of:/)
  t.match(stderr, /docs\/guards\.md lists all guards\n$/)
  t.notMatch(stderr, / at /)
})
