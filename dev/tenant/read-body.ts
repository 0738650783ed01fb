import { Readable } from 'node:stream'
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

/**
 * Fields of a JSON object or of a form.
 *
 * @throws {InvalidRequest} 400 when the body is JSON but not an object
 */
export async function readFields(ctx: Context): Promise<Record<string, unknown>> {
  const body = await readBody(ctx)
  return ctx.is('json') ? parseObject(body) : Object.fromEntries(new URLSearchParams(body))
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(json)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields }
  } catch {}
  throw new errors.InvalidRequest('the request body is not a JSON object', 400)
}

/** Replaces the body, which was read, for the provider. The provider warns about a body that is already parsed. */
export function replaceBody(ctx: Context, text: string, type: string): void {
  const body = Buffer.from(text)
  ctx.headers['content-type'] = type
  ctx.headers['content-length'] = String(body.length)
  delete ctx.headers['transfer-encoding']
  ctx.req = Readable.from([body])
}
