const MAX_BYTES = 1_048_576

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

/** Reads as it comes and stops at the limit: neither an endless answer nor a compressed bomb fills the memory. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // An answer to GET with status 200 has a body, if an empty one (Fetch standard, null body status)
  for await (const chunk of response.body as NonNullable<typeof response.body>) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`${response.url} is longer than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
