import type { Test } from 'tap'
import { bearer, listen } from './app.ts'
import { TestIssuer } from './issuer.ts'

/** The service on a port of its own, its issuer, and what a token gets from it over real HTTP. */
export async function startService(t: Test, environment: Record<string, string> = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment })
  const get = (token: string, path = '/api/private') => fetch(`${app.url}${path}`, { headers: bearer(token) })
  const status = async (token: string) => (await get(token)).status
  return { issuer, app, get, status }
}
