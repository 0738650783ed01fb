import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertClean, originOf } from './init/git.ts'
import { initialize } from './init/initialize.ts'
import { type Example, exampleNames } from './init/parts.ts'

const usage = `Usage: npm run init -- --name NAME [--without EXAMPLE]...

Turns a clone of the project into a service of its own: renames it and removes examples with everything
that belongs to them. Examples: ${exampleNames.join(', ')}. Changes files only; look at them, then commit.`

/** `npm run init`: turns a clone of the project into a service of its own. */
try {
  const folder = join(import.meta.dirname, '..')
  const { name, without, origin = originOf(folder), tools = folder } = readOptions()
  assertClean(folder)
  const report = initialize(folder, { name, without, origin, tools })
  const next =
    'Run "npm install" to remove packages that are not needed, look at the changes, and commit them.'
  print(report.length === 0 ? ['Nothing to do.'] : [...report, next])
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

function readOptions() {
  const options = {
    name: { type: 'string' },
    without: { type: 'string', multiple: true },
    // For npm run merge
    origin: { type: 'string' },
    tools: { type: 'string' },
  } as const
  const { values } = parseArgs({ options })
  const { name = '', without = [], origin, tools } = values
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw new Error(`Expected a name of lowercase letters, digits and hyphens, like acme-api.\n\n${usage}`)
  const unknown = without.find((part) => !exampleNames.includes(part as Example))
  if (unknown !== undefined) throw new Error(`Unknown example: ${unknown}.\n\n${usage}`)
  return { name, without: without as Example[], origin, tools }
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
