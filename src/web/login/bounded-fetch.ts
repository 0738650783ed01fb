import type { CustomFetch } from 'openid-client'
import { readText } from '../../http/fetch-json.ts'
import { IssuerUnavailableError } from './issuer-unavailable.ts'

/**
 * Makes the function that sends openid-client's requests to the issuer, to allowed URLs only and with a bounded response
 * size. It throws {@link IssuerUnavailableError} when the issuer does not answer, or answers with 429 or 5xx
 */
export function boundedFetch(allows: (url: string) => boolean): CustomFetch {
  return async (url, options) => {
    if (!allows(url)) throw new IssuerUnavailableError(`${url} is not https`)
    const response = await send(url, options)
    if (response.status >= 500 || response.status === 429)
      throw new IssuerUnavailableError(`${url} answered ${response.status}`)
    return response
  }
}

async function send(url: string, options: Parameters<CustomFetch>[1]): Promise<Response> {
  try {
    const response = await fetch(url, options as RequestInit)
    const { status, headers } = response
    return new Response(await readText(response), { status, headers })
  } catch (error) {
    throw new IssuerUnavailableError(`${url} does not answer`, { cause: error })
  }
}
