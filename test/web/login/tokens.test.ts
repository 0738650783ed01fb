import t from 'tap'
import { toTokens } from '../../../src/web/login/tokens.ts'

t.test('tokens without a positive expires_in have no lifetime', async (t) => {
  const answer = { access_token: 'a', token_type: 'bearer' } as const
  t.strictSame(toTokens({ ...answer, expires_in: 60, refresh_token: 'r', id_token: 'i' }, ['read:things']), {
    accessToken: 'a',
    grants: ['read:things'],
    lifetimeMs: 60_000,
    refreshToken: 'r',
    idToken: 'i',
  })
  for (const expires_in of [undefined, 0, -1])
    t.equal(
      toTokens({ ...answer, ...(expires_in === undefined ? {} : { expires_in }) }, []).lifetimeMs,
      undefined,
    )
})
