import type { Jwk } from './jwk.ts'

/**
 * Picks a key with get-jwks from a key set that is already downloaded. get-jwks alone has no limit on time, size or
 * redirects, and keeps returning withdrawn keys. Therefore each look-up has a new instance, whose request gets the given
 * keys as its response (docs/decisions/0007).
 */
export async function pickKey(keys: readonly Jwk[], alg: string, kid: string | undefined) {
  // Loaded with the first key set: it brings 40 files for elliptic curves, 18 MB, that are not used here
  const { default: buildGetJwks } = await import('get-jwks')
  const { getJwk } = buildGetJwks({ fetchOptions: { dispatcher: respondWith({ keys }) } as object })
  return getJwk({ domain: 'https://issuer.invalid/', alg, kid: kid as string }) // get-jwks compares with ===: undefined finds a key without `kid`
}

/**
 * Makes an undici dispatcher that answers every request of the built-in `fetch` with the document. It supports the
 * handlers of undici 6, which Node 24 contains, and those since undici 7.
 */
export function respondWith(document: object) {
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
