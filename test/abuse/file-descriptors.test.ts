import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { maxConnectionsFor, maxOpenFiles } from '../../src/plugins/connections.ts'
import { required } from '../helpers/process.ts'
import { openSocket } from '../helpers/raw-http.ts'

const SERVER = `${import.meta.dirname}/../../src/server.ts`

/** The service as a process that may open so many files. */
async function startWith(t: Test, maxFiles: number) {
  const command = `ulimit -n ${maxFiles}; exec "$0" "$1"`
  const child = spawn('sh', ['-c', command, process.execPath, SERVER], { env: required, cwd: t.testdir() })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /listening at (http:[^"]+)/.exec(line) ?? []
    if (url) return { child, url }
  }
  throw new Error('the service ended')
}

for (const maxFiles of [64, 256, 1_024, 4_096]) {
  t.test(`more idle connections than ${maxFiles} files do not end the process`, async (t) => {
    const { child, url } = await startWith(t, maxFiles)
    child.stdout.resume()
    const sockets: Socket[] = []
    while (sockets.length < maxFiles + 60) {
      const opened = await Promise.allSettled(Array.from({ length: 20 }, () => openSocket(url)))
      sockets.push(...opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
      for (const socket of sockets) if (socket.listenerCount('error') === 0) socket.on('error', () => {})
    }
    await delay(1_500)
    t.equal(child.exitCode, null, 'the process lives')
    for (const socket of sockets) socket.destroy()
    for (;;) {
      const status = await fetch(`${url}/livez`).then(
        (response) => response.status,
        () => 0,
      )
      if (status === 200) break
      await delay(100)
    }
    child.kill('SIGTERM')
    t.strictSame(await once(child, 'exit'), [0, null], 'and ends as usual')
  })
}

t.test('the limit of open files is read from the system, where it has one to read', async (t) => {
  t.ok(maxOpenFiles() > 64)
  t.equal(maxOpenFiles('/nowhere'), 1_024)
  const files = { limits: 'Max open files            unlimited            unlimited            files' }
  t.equal(maxOpenFiles(`${t.testdir(files)}/limits`), 1_024, 'an unlimited number counts as unknown')
})

t.test('connections are bounded below the limit of open files', async (t) => {
  t.strictSame([64, 256, 1_024, 4_096, 1e6, 20].map(maxConnectionsFor), [24, 204, 819, 3_276, 1e4, 1])
})
