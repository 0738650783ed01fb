import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/**
 * Files of the tests by suite. A suite is one process, which is why `npm test` is quick; every file is in one of them. tap takes suites
 * in the order of their names, so the long ones come first, and none is left over at the end.
 */
export const suites = {
  quick: {
    auth: [
      'test/plugins/{auth,auth/proof,guards}/*.test.ts',
      'test/{conformance,crypto,errors,http,decisions,issuers}/*.test.ts',
    ],
    plugins: [
      'test/plugins/*.test.ts',
      'test/plugins/{metrics,openapi,rate-limit,redis,tracing}/*.test.ts',
      'test/plugins/{key-sets,revocation}/!(restart|replicas).test.ts',
    ],
    processes: [
      'test/*.test.ts',
      'test/{config,schemas,deploy,theme}/*.test.ts',
      'test/docs/!(build-on-it|certificates|dpop|egress|operations).test.ts',
    ],
    store: ['test/plugins/store/**/*.test.ts', 'test/{plugins/users,routes}/**/*.test.ts'],
    web: ['test/web/!(egress).test.ts', 'test/web/{login,pages,views}/*.test.ts'], // part: web-app
    dev: ['test/dev/!(start|token|watch).test.ts', 'test/dev/init/!(init|merge|traces).test.ts'],
  },
  long: {
    abuse: ['test/abuse/*.test.ts'],
    browser: ['test/web/browser/*.test.ts'], // part: web-app
    programs: [
      'test/check/*.test.ts',
      'test/dev/{start,token,watch}.test.ts',
      'test/dev/init/{init,merge,traces}.test.ts',
      'test/docs/{build-on-it,certificates,dpop,egress,operations}.test.ts',
      'test/plugins/{key-sets/restart,revocation/replicas}.test.ts',
      'test/web/egress.test.ts', // part: web-app
    ],
    sdk: ['test/sdk/*.test.ts'],
    openapi: ['test/openapi/*.test.ts'],
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
