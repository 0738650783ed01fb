import type { RequestListener } from 'node:http'
import type { Provider } from 'oidc-provider'

/**
 * Serves a provider behind a proxy whose address is the issuer. URLs and cookies are those of the issuer, whatever the proxy
 * forwards.
 */
export function behindProxy(provider: Provider): RequestListener {
  const { host, protocol } = new URL(provider.issuer)
  const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': protocol.replace(':', '') }
  provider.proxy = true
  const listener = provider.callback()
  return (request, response) => {
    Object.assign(request.headers, forwarded)
    listener(request, response)
  }
}
