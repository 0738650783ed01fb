import { parseArgs } from 'node:util'
import { measureMemory } from './memory.ts'
import { measureObservability } from './observability.ts'
import { measureProofs } from './proofs.ts'
import { measureRevocations } from './revocations.ts'
import { Setup } from './setup.ts'
import { measureStarts } from './starts.ts'
import { measureTodo } from './todo.ts'
import { writeTodoReport } from './todo-report.ts'
import { writeTokenReport } from './token-report.ts'
import { measureTokens } from './tokens.ts'

/**
 * `npm run bench -- [--only=tokens|proofs|memory|revocations|starts|todo|observability] [--quick]`: measures rates in turn, prints their ratios and writes
 * them to docs/benchmarks.md and docs/metrics.md. Requires Linux and two cores.
 */
const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
})
const sections: Record<string, (setup: Setup) => Promise<void>> = {
  tokens: async (setup) => writeTokenReport(await measureTokens(setup, values.quick ? 3 : 9)),
  proofs: async (setup) => measureProofs(setup, values.quick ? 3 : 9),
  memory: measureMemory,
  revocations: measureRevocations,
  starts: async (setup) => measureStarts(setup, values.quick ? 3 : 9),
  todo: async (setup) => writeTodoReport(await measureTodo(setup, values.quick ? 5 : 15)),
  observability: async (setup) => measureObservability(setup, values.quick ? 5 : 15),
}
const names = values.only === undefined ? Object.keys(sections) : [values.only]

for (const name of names) {
  const section = sections[name]
  if (!section) throw new Error(`--only must be one of ${Object.keys(sections).join(', ')}`)
  const setup = await Setup.make()
  try {
    await section(setup)
  } finally {
    await setup.close()
  }
}
