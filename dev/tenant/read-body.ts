import type { Context } from 'oidc-provider'
import { errors } from 'oidc-provider'

const limitBytes = 64 * 1024

/** @throws {InvalidRequest} 413 when the body is larger than 64 KiB */
export async function readBody(ctx: Context): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of ctx.req) {
    bytes += chunk.length
    if (bytes > limitBytes) throw new errors.InvalidRequest('the request body is too large', 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
