import { type Config, loadConfig } from './index.ts'

/** Reads the configuration from the environment and `.env`. Ends the process if it is not valid. */
export function readConfig(defaults: NodeJS.ProcessEnv = {}): Config {
  try {
    loadDotEnv()
    return loadConfig({ ...defaults, ...process.env })
  } catch (error) {
    fail((error as Error).message)
  }
}

/** Ends the command with a message for the operator. */
export function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function loadDotEnv() {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
