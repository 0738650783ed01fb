import { join } from 'node:path'
import { mergeUpstream } from './init/merge.ts'

/** `npm run merge`: merges a later version of the project into a service that `npm run init` has made of it. */
const [ref] = process.argv.slice(2)
try {
  if (ref === undefined)
    throw new Error('Usage: npm run merge -- VERSION, a commit, branch or tag like upstream/main')
  const isMerged = mergeUpstream(join(import.meta.dirname, '..'), ref)
  process.stdout.write(isMerged ? `Merged ${ref}. Run "npm ci" and "npm test".\n` : 'Nothing to merge.\n')
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
