import { loadConfig } from '../../src/config/index.ts'
import type { ConfigError } from '../../src/errors/config-error.ts'

/** The faults of an environment; none if it can be used. */
export function faultsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    return (error as ConfigError).faults
  }
}
