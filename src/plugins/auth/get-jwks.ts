import type { Jwk } from './jwk.ts'

/**
 * Has get-jwks fetch and pick a key of a key set that is already downloaded. By itself it has no bound on time, size or
 * redirects, and keeps serving keys that were withdrawn; so each look-up has a fresh instance, whose request is answered
 * with the given keys (docs/decisions/0007).
 */
export async function pickKey(jwksUri: string, keys: readonly Jwk[], alg: string, kid: string | undefined) {
  // Loaded with the first key set: it brings 40 files for elliptic curves, 18 MB, that are not used here
  const { default: buildGetJwks } = await import('get-jwks')
  const { origin, pathname, search } = new URL(jwksUri)
  const { getJwk } = buildGetJwks({
    jwksPath: pathname + search,
    fetchOptions: { dispatcher: respondWith({ keys }) } as object,
  })
  return getJwk({ domain: origin, alg, kid: kid as string }) // it compares; undefined finds a key without `kid`
}

/**
 * A dispatcher of undici that answers every request of the built-in `fetch` with the document. It knows the handlers of
 * both generations: those of undici 6, which Node 24 contains, and those since undici 7.
 */
function respondWith(document: object) {
  const body = Buffer.from(JSON.stringify(document))
  return {
    dispatch(_request: unknown, handler: Handler) {
      if ('onRequestStart' in handler) {
        const controller = { abort() {}, pause() {}, resume() {} }
        handler.onRequestStart(controller, {})
        handler.onResponseStart(controller, 200, {}, 'OK')
        handler.onResponseData(controller, body)
        handler.onResponseEnd(controller, {})
      } else {
        handler.onConnect(() => {})
        handler.onHeaders(200, [], () => {}, 'OK')
        handler.onData(body)
        handler.onComplete([])
      }
      return true
    },
  }
}

type Handler =
  | Record<'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd', Callback>
  | Record<'onConnect' | 'onHeaders' | 'onData' | 'onComplete', Callback>

type Callback = (...values: unknown[]) => void
