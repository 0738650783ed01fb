import { accessSync, constants, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { secureUrl } from '../http/secure-url.ts'
import { Entries, type IssuerEntry } from './issuer-entry.ts'
import { decodeText } from './secret-files.ts'

/** A fault and the JSON pointer (RFC 6901) to its place. */
type Fault = readonly [pointer: string, message: string]

/** Reads the trusted issuers from a JSON file, and lists all its faults with their places. */
export function readIssuers(path: string): { issuers: readonly IssuerEntry[]; faults: readonly string[] } {
  const { document, problem } = readJson(path)
  if (problem !== undefined) return { issuers: [], faults: [`ISSUERS_FILE is wrong: ${problem}`] }
  const toText = ([pointer, message]: Fault) =>
    `ISSUERS_FILE is wrong at ${pointer || 'its root'}: ${message}`
  const shapeFaults = findShapeFaults(document)
  if (shapeFaults.length > 0) return { issuers: [], faults: shapeFaults.map(toText) }
  const entries = document as IssuerEntry[]
  const issuers = entries.map((entry) => withAbsolutePath(entry, dirname(path)))
  const faults = [...issuers.flatMap(findFaults), ...findListFaults(issuers)]
  return { issuers, faults: faults.map(toText) }
}

function readJson(path: string): { document?: unknown; problem?: string } {
  try {
    return { document: JSON.parse(decodeText(readFileSync(path))) }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

function findShapeFaults(document: unknown): Fault[] {
  const validate = new Ajv({ allErrors: true, verbose: true }).compile(Entries)
  validate(document)
  return (validate.errors ?? []).map(
    ({ keyword, instancePath, message = keyword, params, parentSchema }): Fault => {
      const { description } = parentSchema as { description?: string }
      const expected = description && `expected ${description}`
      if (keyword === 'additionalProperties')
        return [`${instancePath}/${params.additionalProperty}`, expected ?? 'unknown member']
      if (keyword === 'required') return [`${instancePath}/${params.missingProperty}`, 'missing']
      if (keyword === 'pattern') return [instancePath, String(expected)]
      const values = keyword === 'enum' ? `: ${params.allowedValues.join(', ')}` : ''
      return [instancePath, `${message}${values}`]
    },
  )
}

function withAbsolutePath(entry: IssuerEntry, folder: string): IssuerEntry {
  return entry.jwksFile === undefined ? entry : { ...entry, jwksFile: resolve(folder, entry.jwksFile) }
}

function findFaults(entry: IssuerEntry, index: number): Fault[] {
  const { issuer, tenants, profile, audiences, clients, require, jwksFile, insecureHttp } = entry
  const hasPlaceholder = issuer.includes('{tid}')
  const faults: (Fault | false)[] = [
    hasPlaceholder && !tenants && ['tenants', 'missing: {tid} stands for one of them'],
    !hasPlaceholder && tenants !== undefined && ['issuer', 'expected {tid} in the place of the tenant'],
    tenants !== undefined && tenants.length > 1 && tenants.includes('*') && ['tenants', '"*" stands alone'],
    // Audiences are the only difference between the tokens for this API and those for others
    !audiences && !clients && ['audiences', 'missing'],
    profile === 'workload' &&
      Object.keys(require ?? {}).length === 0 && ['require', 'missing: anyone at this issuer could call'],
    jwksFile !== undefined && !isReadable(jwksFile) && ['jwksFile', `${jwksFile} cannot be read`],
  ]
  for (const name of ['issuer', 'jwksUri', 'backchannelUrl'] as const)
    faults.push(
      !insecureHttp &&
        entry[name] !== undefined &&
        !secureUrl(entry[name]) && [name, 'plain http is for the loopback only, unless insecureHttp is true'],
    )
  return faults.flatMap((fault) => (fault ? [[`/${index}/${fault[0]}`, fault[1]]] : []))
}

function findListFaults(entries: readonly IssuerEntry[]): Fault[] {
  const names = entries.map(({ issuer }) => issuer)
  const logins = entries.flatMap(({ login }, index) => (login ? [index] : []))
  return [
    ...names.flatMap((name, index): Fault[] =>
      names.indexOf(name) < index ? [[`/${index}/issuer`, 'already listed']] : [],
    ),
    ...logins.slice(1).map((index): Fault => [`/${index}/login`, 'users log in at one issuer']),
    ...logins
      .filter((index) => entries[index]?.tenants?.includes('*'))
      .map((index): Fault => [`/${index}/login`, 'users cannot log in at all tenants']),
  ]
}

export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
