export const MAX_BYTES = 1_048_576

/**
 * The body of an answer, read as it comes and only up to the limit: neither an endless one nor a compressed bomb fills
 * the memory.
 *
 * @throws when it is longer
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
