import t from 'tap'
import { bearer, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

t.test('the response contains the claims of the token', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const get = (headers = {}) => fetch(`${url}/api/me`, { headers })
  const me = async (claims: object) => (await get(bearer(await issuer.sign(claims)))).json()
  const expiresAt = Math.floor(Date.now() / 1000) + 60
  const rest = {
    iss: issuer.url,
    sub: 'auth0|1',
    scope: [],
    permissions: [],
    roles: [],
    organization: null,
    actor: null,
    expiresAt,
  }

  t.strictSame(
    await me({
      sub: 'auth0|7',
      azp: 'client-1',
      scope: 'read:messages openid',
      permissions: ['read:messages'],
      roles: ['editor'],
      org_id: 'org_1',
      act: { sub: 'service-a', act: { sub: 'service-b' } },
      exp: expiresAt,
      email: 'not@shown.example',
    }),
    {
      iss: issuer.url,
      sub: 'auth0|7',
      clientId: 'client-1',
      scope: ['read:messages', 'openid'],
      permissions: ['read:messages'],
      roles: ['editor'],
      organization: 'org_1',
      actor: { sub: 'service-a', act: { sub: 'service-b' } },
      expiresAt,
    },
  )
  t.strictSame(await me({ azp: undefined, client_id: 'client-2', exp: expiresAt }), {
    ...rest,
    clientId: 'client-2',
  })
  t.strictSame(
    await me({ azp: 7, scope: { a: 'b' }, permissions: 'read:messages', exp: expiresAt }),
    { ...rest, clientId: null },
    'malformed claims are omitted',
  )
  t.equal((await get()).status, 401)
})
