import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'

/** Name of the variable that names a file with the value, for container platforms that mount secrets as files. */
export function fileVariable(name: string): string {
  return `${name}_FILE`
}

/** Reads the values of the given variables from files. A final newline, which most editors add, is not part of a value. */
export function readSecretFiles(
  environment: NodeJS.ProcessEnv,
  names: readonly string[],
): { texts: NodeJS.ProcessEnv; faults: string[] } {
  const texts = { ...environment }
  const faults: string[] = []
  for (const name of names) {
    const path = environment[fileVariable(name)]
    if (path === undefined) continue
    if (environment[name] !== undefined) {
      faults.push(`${name} and ${fileVariable(name)} are both set: expected one of them`)
      continue
    }
    try {
      texts[name] = readSecret(path)
    } catch (error) {
      faults.push(`${fileVariable(name)} is wrong: ${(error as Error).message}`)
    }
  }
  return { texts, faults }
}

function readSecret(path: string): string {
  // Other text may be the secret itself, which must not be in the log
  if (!isAbsolute(path) && !path.startsWith('.')) throw new Error('expected a path like /run/secrets/name')
  const secret = decodeText(readFileSync(path)).replace(/\r?\n$/, '')
  if (secret.trim() === '') throw new Error(`${path} is empty`)
  return secret
}

/**
 * Decodes UTF-8 without its byte order mark, which some editors add.
 *
 * @throws {TypeError} if it is not UTF-8, such as the UTF-16 of some shells
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** Whether a variable is set, by its value or by a file. */
export function isSet(texts: NodeJS.ProcessEnv, name: string): boolean {
  return (texts[name] ?? texts[fileVariable(name)]) !== undefined
}
