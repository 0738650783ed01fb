import { readText } from './read-text.ts'

/**
 * Asks an issuer for a JSON object. Bounded in size; in time, by the signal.
 *
 * @throws whatever went wrong; the message is for the log
 */
export async function fetchJson(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  // A redirect could lead anywhere: a signer's keys must not come from there, and a caller's token must not go there
  const response = await fetch(url, {
    signal,
    redirect: 'error',
    headers: { accept: 'application/json', ...headers },
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const document: unknown = JSON.parse(await readText(response))
  if (!isObject(document)) throw new Error(`${url} is not a JSON object`)
  return document
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
