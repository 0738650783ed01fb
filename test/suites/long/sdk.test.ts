import { runSuite, suites } from '../suites.ts'

await runSuite(suites.long.sdk)
