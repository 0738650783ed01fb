import envSchema from 'env-schema'
import { ConfigError } from '../errors/config-error.ts'
import { reject } from './parse.ts'
import { findRelationFaults } from './relations.ts'
import { readSecretFiles } from './secret-files.ts'
import { rejectText } from './text-faults.ts'
import { trustedIssuers } from './trusted-issuers.ts'
import type { Variable } from './variable.ts'
import { type Config, type Values, type Variables, variables } from './variables.ts'
import { findWebAppFaults, secretsFromSession } from './web-app.ts' // part: web-app

export type { IssuerEntry } from './issuer-entry.ts'
export { summarize } from './summary.ts'
export type { Config } from './variables.ts'

export const variableNames = Object.keys(variables)

/** Names of the variables whose value is or contains a secret. */
export const secretNames = Object.entries<Variable>(variables).flatMap(([name, { isSecret }]) =>
  isSecret ? name : [],
)

const entries = Object.entries<Variable>(variables)

/** JSON schema of the environment before parsing: every variable is a string. */
export const configSchema = {
  type: 'object',
  required: entries.filter(([, { kind }]) => kind === 'required').map(([name]) => name),
  properties: Object.fromEntries(
    entries.map(([name, { description, fallback }]) => [
      name,
      { type: 'string', description, ...(fallback === undefined ? {} : { default: fallback }) },
    ]),
  ),
}

/**
 * Reads the configuration from environment variables. An empty variable counts as absent, since compose files pass
 * unset variables as empty ones.
 *
 * @throws {ConfigError} listing every fault
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const set = Object.entries(environment).flatMap(([name, value]) =>
    value?.trim() ? [[name, value.trim()]] : [],
  )
  const files = readSecretFiles(Object.fromEntries(set), secretNames)
  const { texts, missing } = validate(files.texts)
  const faults = [...files.faults, ...missing]
  const values: Record<string, unknown> = {}
  for (const [name, { parse }] of entries) {
    const text = texts[name]
    if (text === undefined) continue
    try {
      rejectText(text)
      values[name] = parse(text) ?? reject(`expected ${parse.expected}`)
    } catch (error) {
      faults.push(`${name} is wrong: ${(error as Error).message}`)
    }
  }
  const config = values as unknown as Values
  const { faults: issuerFaults, ...issuers } = trustedIssuers(config)
  faults.push(
    ...issuerFaults,
    ...findWebAppFaults(files.texts), // part: web-app
    ...findRelationFaults(files.texts, config),
  )
  if (faults.length > 0) throw new ConfigError(faults)
  const { AUTH0_DOMAIN, AUTH0_AUDIENCE, ISSUERS_FILE, JWKS_FILE, AUTH_INSECURE_HTTP_ISSUERS, ...rest } =
    config
  const METRICS_HOST = config.METRICS_HOST ?? config.HOST
  const BASE_URL = config.BASE_URL ?? `http://localhost:${config.PORT}`
  const PUBLIC_URL = config.PUBLIC_URL ?? new URL(BASE_URL).origin
  return Object.freeze({
    ...secretsFromSession(config), // part: web-app
    ...rest,
    ...issuers,
    METRICS_HOST,
    BASE_URL,
    PUBLIC_URL,
  })
}

/** Fills in the defaults. Only a missing variable can fail, since the schema knows nothing but strings. */
function validate(data: NodeJS.ProcessEnv): { texts: NodeJS.ProcessEnv; missing: string[] } {
  try {
    const schema = data.ISSUERS_FILE === undefined ? configSchema : { ...configSchema, required: [] }
    return { texts: envSchema<NodeJS.ProcessEnv>({ schema, data, env: false }), missing: [] }
  } catch (error) {
    const { errors } = error as { errors: { params: { missingProperty: keyof Variables } }[] }
    const missing = errors.map(({ params: { missingProperty: name } }) => name)
    return {
      texts: data,
      missing: missing.map((name) => `${name} is missing: expected ${variables[name].parse.expected}`),
    }
  }
}
