import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { AUDIENCE } from './issuer.ts'
import { describeMachine, table, writeBetweenMarks } from './page.ts'
import { IMAGE_FLAGS, type Setup } from './setup.ts'

const TOKENS = 100_000
/** Bound of the token cache (src/plugins/auth/token-cache.ts) with the default of 10,000 tokens. */
const CACHE_MB = (10_000 * 3_356) / 1e6
/** Growth by another pass that counts as noise. Resident memory depends on the allocator, too. */
const [HEAP_NOISE_MB, RESIDENT_NOISE_MB] = [1, 10]

export interface MemoryFigures {
  circumstance: string
  heapMB: number
  residentMB: number
  cachedTokens: number
}

/**
 * Measures the memory of the verifier before and after 100,000 different valid tokens, once each, and after a forced
 * collection. Three passes with each token twice in a row fill the cache, and
 * show whether anything else grows: the second may still enlarge the heap.
 */
export async function measureMemory(setup: Setup): Promise<void> {
  process.stdout.write('signing tokens ...\n')
  const file = await setup.writeTokens('memory', await setup.makeTokens('RS256', TOKENS))
  const command = [...IMAGE_FLAGS, '--expose-gc', join(import.meta.dirname, 'memory-process.ts'), file]
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ISSUER: setup.issuer, AUDIENCE },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`the process exited with ${code}`)
  const figures = JSON.parse(output) as MemoryFigures[]

  const [before, , single, twice, again, last] = figures
  if (!before || !single || !twice || !again || !last) throw new Error('the process printed too few figures')
  const goal = (name: string, value: number, maximum: number) => [
    name,
    `${value.toFixed(1)} MB`,
    `at most ${maximum.toFixed(1)} MB`,
    value <= maximum ? 'yes' : '**no**',
  ]
  const parts = [
    `${describeMachine()}; ${TOKENS} tokens (RS256).`,
    table(
      ['state', 'heap, MB', 'resident, MB', 'cached tokens'],
      figures.map(({ circumstance, heapMB, residentMB, cachedTokens }) => [
        circumstance,
        heapMB.toFixed(1),
        residentMB.toFixed(1),
        `${cachedTokens}`,
      ]),
    ),
    table(
      ['growth, each after a collection', 'measured', 'goal', 'met'],
      [
        goal('heap, by tokens that are used once', single.heapMB - before.heapMB, HEAP_NOISE_MB),
        goal(
          'resident, by tokens that are used once',
          single.residentMB - before.residentMB,
          RESIDENT_NOISE_MB,
        ),
        goal('heap, by tokens that are used twice: the cache', twice.heapMB - single.heapMB, CACHE_MB),
        goal('heap, by a third pass', last.heapMB - again.heapMB, HEAP_NOISE_MB),
        goal('resident, by a third pass', last.residentMB - again.residentMB, RESIDENT_NOISE_MB),
      ],
    ),
  ]
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=memory', parts.join('\n\n'))
}
