import { existsSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import type { Application, UrlList } from './application.ts'
import { linesOf } from './json-lines.ts'
import type { Settings } from './settings.ts'
import { findFaults } from './settings-faults.ts'
import { settingsSchema } from './settings-schema.ts'

const DEFAULT_FILE = 'tenant.json'

/**
 * Reads the file of the tenant: `tenant.json` in the working folder, if there is one, or the named file.
 *
 * @throws {Error} with every fault of the file and its place
 */
export function readSettings(file: string | undefined): Settings | undefined {
  if (!file && !existsSync(DEFAULT_FILE)) return undefined
  const name = file || DEFAULT_FILE
  const { text, json } = read(name)
  const settings = checkSettings(json, name)
  const lines = linesOf(text)
  const applications = settings.applications.map((one, index) => withPlaces(one, index, name, lines))
  return { ...settings, applications }
}

/** @throws {Error} with every fault and its place */
export function checkSettings(settings: unknown, name: string): Settings {
  const ajv = new Ajv({ allErrors: true, useDefaults: true })
  const faults: string[] = []
  if (ajv.validate(settingsSchema, settings)) faults.push(...findFaults(settings as Settings))
  else {
    for (const { instancePath, message, params } of ajv.errors ?? []) {
      const detail = params.additionalProperty ?? params.allowedValues?.join(', ')
      faults.push(`${placeOf(instancePath)}: ${message}${detail ? `: ${detail}` : ''}`)
    }
  }
  if (faults.length > 0) throw new Error(`${name} is wrong:\n${faults.map((one) => `  ${one}`).join('\n')}`)
  return settings as Settings
}

function read(name: string): { text: string; json: unknown } {
  try {
    const text = readFileSync(name, 'utf8')
    return { text, json: JSON.parse(text) }
  } catch (error) {
    throw new Error(`${name} cannot be read: ${(error as Error).message}`)
  }
}

/** Adds where the file has the lists of the application. A list that is not there belongs where the application begins. */
function withPlaces(
  application: Application,
  index: number,
  name: string,
  lines: Map<string, number>,
): Application {
  const own = `applications/${index}`
  const placeOf = (list: UrlList) => `${name}, line ${lines.get(`${own}/${list}`) ?? lines.get(own)}`
  const [callbacks, logoutUrls, webOrigins] = [
    placeOf('callbacks'),
    placeOf('logoutUrls'),
    placeOf('webOrigins'),
  ]
  return { ...application, places: { callbacks, logoutUrls, webOrigins } }
}

/** `/applications/0/callbacks` becomes `applications[0].callbacks`. */
function placeOf(pointer: string): string {
  const names = pointer.split('/').slice(1)
  const place = names.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')
  return place.replace(/^\./, '') || 'the file'
}
