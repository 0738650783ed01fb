import type { Test } from 'tap'
import { type BuildOptions, bearer, listen } from './app.ts'
import { TestIssuer } from './issuer.ts'

/**
 * Starts the service on a port of its own, and its issuer. Returns functions that send tokens over real HTTP.
 *
 * @param publish changes the keys of the issuer before the start
 */
export async function startService(
  t: Test,
  environment: Record<string, string> = {},
  options: BuildOptions = {},
  publish: (issuer: TestIssuer) => void | Promise<void> = () => {},
) {
  const issuer = await TestIssuer.start(t)
  await publish(issuer)
  const app = await listen(t, issuer, { environment, ...options })
  const get = (token: string, path = '/api/private') => fetch(`${app.url}${path}`, { headers: bearer(token) })
  const status = async (token: string) => (await get(token)).status
  const verdict = async (token: string) => {
    const { status, headers } = await get(token)
    if (status === 200) return 'accepted'
    const isInvalid = / error="invalid_token"/.test(headers.get('www-authenticate') ?? '')
    return status === 401 && isInvalid ? 'rejected' : `${status} ${headers.get('www-authenticate')}`
  }
  /** Asserts the same verdict on each token, one after the other. */
  const areAll = async (t: Test, tokens: string | string[], expected: string, circumstance: string) => {
    const verdicts = []
    for (const token of [tokens].flat()) verdicts.push(await verdict(token))
    t.strictSame(
      verdicts,
      verdicts.map(() => expected),
      circumstance,
    )
  }
  const isAccepted = (t: Test, tokens: string | string[], circumstance = 'accepted') =>
    areAll(t, tokens, 'accepted', circumstance)
  const isRejected = (t: Test, tokens: string | string[], circumstance = 'rejected') =>
    areAll(t, tokens, 'rejected', circumstance)
  return { issuer, app, get, status, isAccepted, isRejected }
}
