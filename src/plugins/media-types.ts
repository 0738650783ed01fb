import { isUtf8 } from 'node:buffer'
import { parse } from 'fast-querystring'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/**
 * Restricts bodies to JSON in UTF-8 (RFC 8259, section 8.1), since Fastify also accepts plain text. A route can accept
 * more, such as forms. Content codings are rejected. An empty body is an absent body, whatever its media type: many clients send a `Content-Type` with
 * every request.
 */
export default fp(
  async (app) => {
    const parseJson = app.getDefaultJsonParser('error', 'error')

    app.removeContentTypeParser('text/plain')
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      if (body.length === 0) done(null)
      else parseJson(request, decode(request, body), done)
    })
    app.addContentTypeParser('*', (request, payload, done) => {
      if (request.is404) return done(null)
      const accept = () => done(null)
      const reject = () => {
        payload.off('end', accept)
        done(new ServiceError(httpErrors.unsupportedMediaType))
      }
      payload.once('end', accept).once('data', reject)
    })
    app.addHook('onRequest', ({ headers }, _reply, done) => {
      const length = headers['content-length'] ?? '0'
      if (length === '0' && headers['transfer-encoding'] === undefined) delete headers['content-type']
      done()
    })
  },
  { name: 'media-types' },
)

/** Lets the routes of a scope accept forms in UTF-8. */
export function acceptForms(scope: FastifyInstance): void {
  const type = 'application/x-www-form-urlencoded'
  scope.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null)
    const form = decode(request, body)
    if (!isEncodedUtf8(form)) throw notUtf8()
    done(null, parse(form))
  })
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i

/** Decoders replace invalid UTF-8 with U+FFFD, which would be stored. */
function decode({ headers }: FastifyRequest, body: Buffer): string {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw new ServiceError(httpErrors.unsupportedMediaType, {
      detail: 'a content coding',
      headers: { 'accept-encoding': 'identity' }, // RFC 9110, section 12.5.3
    })
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] as string) ?? []
  if (!/^utf-?8$/i.test(charset))
    throw new ServiceError(httpErrors.unsupportedMediaType, { detail: 'a charset other than UTF-8' })
  if (!isUtf8(body)) throw notUtf8()
  return body.toString()
}

/** Tells whether the percent-encoded bytes are UTF-8. A percent sign that encodes nothing stands for itself. */
function isEncodedUtf8(form: string): boolean {
  try {
    for (const [bytes] of form.matchAll(/(?:%[\da-f]{2})+/gi)) decodeURIComponent(bytes)
    return true
  } catch {
    return false
  }
}

function notUtf8(): ServiceError {
  return new ServiceError(httpErrors.badRequest, { detail: 'the body is not valid UTF-8' })
}
