/** Maximum size of a response, after decompression. */
export const MAX_BYTES = 1_048_576

/**
 * Fetches a JSON object from an issuer. Its size is limited; the signal limits its time.
 *
 * @throws {Error} on any failure; the message is for the log
 */
export async function fetchJson(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  // A redirect could substitute keys or leak the caller's token to another server
  const response = await fetch(url, {
    signal,
    redirect: 'error',
    headers: { accept: 'application/json', ...headers },
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new StatusError(url, response.status)
  }
  const document: unknown = JSON.parse(await readText(response))
  if (!isObject(document)) throw new Error(`${url} is not a JSON object`)
  return document
}

/** A response with a status other than 200. */
export class StatusError extends Error {
  override name = 'StatusError'
  readonly status: number

  constructor(url: string, status: number) {
    super(`${url} answered ${status}`)
    this.status = status
  }
}

/**
 * Reads a body up to {@link MAX_BYTES}, so that neither an endless body nor a decompression bomb exhausts the memory.
 *
 * @throws {Error} if it is longer
 */
export async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`${response.url} is longer than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
