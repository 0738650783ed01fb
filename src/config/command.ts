import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { type Config, loadConfig, secretNames, variableNames } from './index.ts'
import { decodeText } from './secret-files.ts'
import { findWarnings } from './warnings.ts'

const DOT_ENV = '.env'

/**
 * Reads the configuration from the environment and `.env`, with changes, and warnings about settings that have no effect. Ends the
 * process if the configuration is not valid.
 */
export function readConfig(changes: NodeJS.ProcessEnv = {}): { config: Config; warnings: string[] } {
  const fromDotEnv = loadDotEnv()
  const { env: environment, execArgv } = process
  try {
    const config = loadConfig({ ...environment, ...changes })
    return {
      config,
      warnings: findWarnings({ environment, fromDotEnv, execArgv }, variableNames, secretNames),
    }
  } catch (error) {
    fail((error as Error).message)
  }
}

/**
 * Adds the variables of `.env` in the working directory to the environment, which takes precedence. Returns the names of
 * the added variables.
 */
export function loadDotEnv(): ReadonlySet<string> {
  if (!existsSync(DOT_ENV)) return new Set()
  try {
    const variables = Object.entries(parseEnv(decodeText(readFileSync(DOT_ENV))))
    const added = variables.filter(([name]) => process.env[name] === undefined)
    for (const [name, value] of added) process.env[name] = value
    return new Set(added.map(([name]) => name))
  } catch (error) {
    fail(`${DOT_ENV} cannot be read: ${(error as Error).message}`)
  }
}

/** Ends the command with a message for the operator. */
export function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
