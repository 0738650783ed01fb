import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that systems hand out by themselves, so that nobody is given it meanwhile. */
const FIRST = 15_000
const COUNT = 15_000

/** For programs that cannot be told to take any. */
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
