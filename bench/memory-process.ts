import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import auth from '../src/plugins/auth/index.ts'
import type { MemoryFigures } from './memory.ts'

/** Verifies every token of a file once, then twice in a row, so that it is cached, and prints the memory in between. Requires --expose-gc. */
const { ISSUER = '', AUDIENCE = '' } = process.env
const [, , file = ''] = process.argv
const app = Fastify()
await app.register(auth, { issuers: [ISSUER], audiences: [AUDIENCE] })
await app.ready()

const figures: MemoryFigures[] = []
await pass(1, 1) // fetches the keys and loads what is loaded late
await collect()
note('before, collected')
await pass(1)
note('after the first pass')
await collect()
note('after the first pass, collected')
for (const which of ['a first', 'a second', 'a third']) {
  await pass(2)
  await collect()
  note(`after ${which} pass with each token twice, collected`)
}
process.stdout.write(JSON.stringify(figures))
await app.close()

async function pass(times: number, count = Number.POSITIVE_INFINITY): Promise<void> {
  let verified = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const token = Buffer.from(line).toString() // otherwise it keeps the memory of the lines around it
    for (let time = 0; time < times; time++) await app.verifier.verify(token, Date.now())
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
