import { BootError } from './boot-error.ts'

/**
 * An unusable configuration. Names each variable and the expected value, never the actual value, which may be a secret,
 * except for paths.
 */
export class ConfigError extends BootError {
  override name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}
