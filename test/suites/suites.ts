import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Files of the tests by suite. A suite is one process, which is why `npm test` is quick; every file is in one of them. */
export const suites = {
  quick: {
    auth: ['test/plugins/{auth,guards}/*.test.ts', 'test/{conformance,errors,http,decisions}/*.test.ts'],
    plugins: ['test/plugins/*.test.ts', 'test/plugins/{metrics,rate-limit,tracing}/*.test.ts'],
    processes: ['test/*.test.ts', 'test/{config,schemas,docs,deploy}/*.test.ts'],
    store: ['test/plugins/store/**/*.test.ts', 'test/{plugins/users,routes}/**/*.test.ts'],
    web: ['test/web/*.test.ts', 'test/web/{login,pages,views}/*.test.ts', 'test/dev/*.test.ts'],
  },
  slow: {
    abuse: ['test/abuse/*.test.ts'],
    browser: ['test/web/browser/*.test.ts'],
    differential: ['test/plugins/auth/differential/*.test.ts'],
    resilience: ['test/plugins/auth/resilience/*.test.ts'],
  },
}

export function filesOf(patterns: readonly string[]): string[] {
  return globSync(patterns as string[], { cwd: root }).sort()
}

/** Runs the files of a suite one after the other in this process. */
export async function runSuite(patterns: readonly string[]): Promise<void> {
  for (const file of filesOf(patterns)) await import(join(root, file))
}
