import type { CustomFetch } from 'openid-client'
import { readText } from '../../http/fetch-json.ts'
import { secureUrl } from '../../http/secure-url.ts'
import { Outage } from './outage.ts'

/**
 * How openid-client asks the issuer: over https or the loopback, whatever the discovery document says, with a bounded
 * answer. Every way in which an issuer can be down is an {@link Outage}.
 */
export const boundedFetch: CustomFetch = async (url, options) => {
  if (!secureUrl(url)) throw new Outage(`${url} is not https`)
  const response = await attempt(url, options)
  if (response.status >= 500 || response.status === 429)
    throw new Outage(`${url} answered ${response.status}`)
  return response
}

async function attempt(url: string, options: Parameters<CustomFetch>[1]): Promise<Response> {
  try {
    const response = await fetch(url, options as RequestInit)
    const { status, headers } = response
    return new Response(await readText(response), { status, headers })
  } catch (error) {
    throw new Outage(`${url} does not answer`, { cause: error })
  }
}
