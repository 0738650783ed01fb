import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import auth from '../src/plugins/auth/index.ts'
import type { MemoryFigures } from './memory.ts'

/** Verifies every token of a file three times, and prints the memory in between. Requires --expose-gc. */
const { ISSUER = '', AUDIENCE = '' } = process.env
const [, , file = ''] = process.argv
const app = Fastify()
await app.register(auth, { issuers: [ISSUER], audiences: [AUDIENCE] })
await app.ready()

const figures: MemoryFigures[] = []
await pass(1) // fetches the keys and loads what is loaded late
await collect()
note('before, collected')
await pass()
note('after the first pass')
await collect()
note('after the first pass, collected')
for (const circumstance of ['after a second pass, collected', 'after a third pass, collected']) {
  await pass()
  await collect()
  note(circumstance)
}
process.stdout.write(JSON.stringify(figures))
await app.close()

async function pass(count = Number.POSITIVE_INFINITY): Promise<void> {
  let verified = 0
  for await (const token of createInterface({ input: createReadStream(file) })) {
    await app.verifier.verify(token, Date.now())
    verified++
    if (verified === count) break
  }
}

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await delay(100)
  }
}

function note(circumstance: string): void {
  const { heapUsed, rss } = process.memoryUsage()
  figures.push({
    circumstance,
    heapMB: heapUsed / 1e6,
    residentMB: rss / 1e6,
    cachedTokens: app.verifier.cacheSize,
  })
}
