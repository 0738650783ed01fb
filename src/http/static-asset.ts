import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The highest quality would take seconds and a hundred megabytes for a few percent. */
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }

/** Order of preference, smallest first. */
const encodings = ['br', 'gzip', 'identity']

/**
 * A file in memory, compressed once. All responses share its buffers, so unread responses do not use more memory.
 */
export class StaticAsset {
  /** Hash of the content, for its URL and `ETag`. */
  readonly hash: string
  readonly #type: string
  readonly #bodies: ReadonlyMap<string, Buffer>

  private constructor(content: Buffer, type: string, bodies: ReadonlyMap<string, Buffer>) {
    this.hash = createHash('sha256').update(content).digest('base64url').slice(0, 16)
    this.#type = type
    this.#bodies = bodies
  }

  static async create(text: string, type: string): Promise<StaticAsset> {
    const content = Buffer.from(text)
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

  /** Sends the file as immutable (RFC 8246), so its URL must contain {@link hash}. */
  send(request: FastifyRequest, reply: FastifyReply) {
    const etag = `"${this.hash}"`
    reply.headers({ etag, vary: 'Accept-Encoding', 'cache-control': 'public, max-age=31536000, immutable' })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    const encoding = negotiate(request.headers['accept-encoding'] ?? 'identity', encodings) ?? 'identity'
    if (encoding !== 'identity') reply.header('content-encoding', encoding)
    return reply.type(this.#type).send(this.#bodies.get(encoding))
  }
}
