import type { Test } from 'tap'
import { type BuildOptions, bearer, listen } from './app.ts'
import { TestIssuer } from './issuer.ts'

/** The service on a port of its own, its issuer, and what a token gets from it over real HTTP. */
export async function startService(
  t: Test,
  environment: Record<string, string> = {},
  options: BuildOptions = {},
) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment, ...options })
  const get = (token: string, path = '/api/private') => fetch(`${app.url}${path}`, { headers: bearer(token) })
  const status = async (token: string) => (await get(token)).status
  const isAccepted = async (t: Test, token: string, circumstance = 'accepted') =>
    t.equal(await status(token), 200, circumstance)
  const isRefused = async (t: Test, token: string, circumstance = 'refused') => {
    const response = await get(token)
    t.equal(response.status, 401, circumstance)
    t.match(response.headers.get('www-authenticate'), / error="invalid_token"/)
  }
  return { issuer, app, get, status, isAccepted, isRefused }
}
