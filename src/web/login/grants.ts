import type { Verifier } from '../../plugins/auth/index.ts'

/**
 * Reads the scopes and permissions of an access token as the API would. Empty if the API would reject the token, or if
 * only the issuer can read it.
 */
export async function readGrants(verifier: Verifier, token: string, now: number): Promise<string[]> {
  try {
    const { scopes, permissions } = await verifier.verify(token, now)
    return [...new Set([...scopes, ...permissions])]
  } catch {
    return []
  }
}
