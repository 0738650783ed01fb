import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ephemeral ports of operating systems, so that the port is not assigned in the meantime. */
const FIRST = 15_000
const COUNT = 15_000

/** Finds a free port for programs that do not support port 0. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    const probe = createServer().listen(port, '127.0.0.1')
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
