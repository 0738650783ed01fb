import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { varyBy } from './vary.ts'

/** The highest quality would take seconds and a hundred megabytes for a few percent. */
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }

/** `Cache-Control` of content that never changes (RFC 8246). */
export const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * A file in memory, compressed once. All responses share its buffers, so unread responses do not use more memory.
 */
export class StaticAsset {
  /** Hash of the content, for its URL and `ETag`. */
  readonly hash: string
  readonly #type: string
  readonly #bodies: ReadonlyMap<string, Buffer>
  /** In order of preference, smallest first. */
  readonly #encodings: string[]

  private constructor(content: Buffer, type: string, bodies: ReadonlyMap<string, Buffer>) {
    this.hash = createHash('sha256').update(content).digest('base64url').slice(0, 16)
    this.#type = type
    this.#bodies = bodies
    this.#encodings = [...bodies.keys()]
  }

  /** @param source text, or the bytes of a format that is compressed itself */
  static async create(source: string | Buffer, type: string): Promise<StaticAsset> {
    if (typeof source !== 'string') return new StaticAsset(source, type, new Map([['identity', source]]))
    const content = Buffer.from(source)
    const [br, gz] = await Promise.all([promisify(brotliCompress)(content, quick), promisify(gzip)(content)])
    return new StaticAsset(
      content,
      type,
      new Map([
        ['br', br],
        ['gzip', gz],
        ['identity', content],
      ]),
    )
  }

  /** Sends the file, or 304. `IMMUTABLE` requires that its URL contains {@link hash}. */
  send(request: FastifyRequest, reply: FastifyReply, cacheControl: typeof IMMUTABLE | 'no-cache') {
    const etag = `"${this.hash}"`
    reply.headers({ etag, 'cache-control': cacheControl })
    varyBy(reply, 'Accept-Encoding')
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    const encoding =
      negotiate(request.headers['accept-encoding'] ?? 'identity', this.#encodings) ?? 'identity'
    if (encoding !== 'identity') reply.header('content-encoding', encoding)
    return reply.type(this.#type).send(this.#bodies.get(encoding))
  }
}
