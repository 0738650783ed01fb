import t from 'tap'
import { Browser } from './dev/helpers/browser.ts'
import {
  api,
  authorizeUrl,
  clientCredentials,
  exchange,
  passwordGrant,
  tenantFor,
} from './dev/helpers/tenant.ts'
import { DPOP_OFFER, listen, METADATA } from './helpers/app.ts'
import { moveClock } from './helpers/clock.ts'

/** End to end: tokens of the local tenant for users and machines, the service on a port, real HTTP. */
t.test('tokens of the local tenant', async (t) => {
  const tenant = await tenantFor(t)
  const serve = (environment: Record<string, string> = {}) =>
    listen(t, { url: tenant.issuer }, { environment: { AUTH0_AUDIENCE: api, ...environment } })
  const { url } = await serve()
  const get = (path: string, authorization?: string) =>
    fetch(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } })

  const logIn = async (name: string, scope: string) => {
    const browser = new Browser(tenant.issuer)
    await browser.open(authorizeUrl(tenant, { scope, ...(scope.includes('openid') ? {} : { nonce: '' }) }))
    await browser.submit({ email: `${name}@example.com`, password: `${name}-password` })
    return exchange(tenant, browser.left?.searchParams.get('code') ?? '')
  }
  const accessToken = async (answer: ReturnType<typeof exchange>) => (await answer).body.access_token ?? ''
  const both = 'read:messages write:messages'
  const tokens: [grant: string, scopes: string, token: string][] = [
    ['password', 'none', await accessToken(passwordGrant(tenant, 'member'))],
    ['password', 'read', await accessToken(passwordGrant(tenant, 'reader'))],
    ['password', 'write', await accessToken(passwordGrant(tenant, 'admin', { scope: 'write:messages' }))],
    ['password', 'both', await accessToken(passwordGrant(tenant, 'admin', { scope: both }))],
    ['client credentials', 'none', await accessToken(clientCredentials(tenant, { scope: 'none' }))],
    ['client credentials', 'read', await accessToken(clientCredentials(tenant, { scope: 'read:messages' }))],
    [
      'client credentials',
      'write',
      await accessToken(clientCredentials(tenant, { scope: 'write:messages' })),
    ],
    ['client credentials', 'both', await accessToken(clientCredentials(tenant, { scope: both }))],
    ['authorization code', 'none', await accessToken(logIn('member', 'openid profile'))],
    ['authorization code', 'read', await accessToken(logIn('reader', 'openid read:messages'))],
    ['authorization code', 'write', await accessToken(logIn('admin', 'openid write:messages'))],
    ['authorization code', 'both', await accessToken(logIn('admin', `openid ${both}`))],
  ]

  for (const [grant, scopes, token] of tokens) {
    const mayRead = scopes === 'read' || scopes === 'both'
    t.test(`${grant}, scopes ${scopes}: private is 200, scoped ${mayRead ? 200 : 403}`, async (t) => {
      const authorization = `Bearer ${token}`
      t.equal((await get('/api/private', authorization)).status, 200)
      t.equal((await get('/api/private-scoped', authorization)).status, mayRead ? 200 : 403)
      for (const path of ['/api/private', '/api/private-scoped']) {
        t.equal((await get(path, `${authorization}abc`)).status, 401, `${path} with text appended`)
        t.equal((await get(path, `${authorization} abc`)).status, 401, `${path} with a second word`)
      }
    })
  }

  t.test('the admin message needs a permission, whatever the scope', async (t) => {
    const reader = await accessToken(passwordGrant(tenant, 'reader'))
    const admin = await accessToken(passwordGrant(tenant, 'admin', { scope: 'read:messages' }))
    t.equal((await get('/api/messages/admin', `Bearer ${reader}`)).status, 403)
    t.equal((await get('/api/messages/admin', `Bearer ${admin}`)).status, 200)
  })

  t.test('every row of the error table', async (t) => {
    const member = await accessToken(passwordGrant(tenant, 'member'))
    const challenge = (error: string, description: string, more = '') =>
      `Bearer realm="api", error="${error}", error_description="${description}"${more}, ${METADATA}`
    const beside = (header: string) => `${header}, ${DPOP_OFFER}`
    const check = async (
      response: Response,
      status: number,
      code: string,
      message: string,
      header?: string,
    ) => {
      t.equal(response.status, status, message)
      t.match(await response.json(), { statusCode: status, code, message })
      t.equal(response.headers.get('www-authenticate'), header ?? null)
      t.match(response.headers.get('content-type'), /^application\/json/)
    }

    for (const none of [undefined, '', 'Bearer ', 'Basic YTpi', member]) {
      const message = 'Authentication credentials were not provided.'
      await check(
        await get('/api/private', none),
        401,
        'missing_token',
        message,
        beside(`Bearer realm="api", ${METADATA}`),
      )
    }
    const invalid = (response: Response, message: string) =>
      check(response, 401, 'invalid_token', message, beside(challenge('invalid_token', message)))
    await invalid(await get('/api/private', 'Bearer a b'), 'Invalid token headers')
    await invalid(await get('/api/private', 'Bearer invalidToken'), 'Unable to parse authentication')

    const other = await serve({ AUTH0_AUDIENCE: 'https://other.test' })
    const foreign = await fetch(`${other.url}/api/private`, {
      headers: { authorization: `Bearer ${member}` },
    })
    await invalid(foreign, 'incorrect claims, please check the audience and issuer')

    await check(
      await get('/api/private-scoped', `Bearer ${member}`),
      403,
      'insufficient_scope',
      "You don't have access to this resource",
      challenge('insufficient_scope', "You don't have access to this resource", ', scope="read:messages"'),
    )
    await check(
      await get('/api/messages/admin', `Bearer ${member}`),
      403,
      'insufficient_permissions',
      'Permission denied',
      challenge('insufficient_scope', 'Permission denied', ', scope="read:admin-messages"'),
    )
    await check(await get('/api/nowhere'), 404, 'not_found', 'Not Found')

    const clock = moveClock(t)
    clock.set(25 * 3_600_000)
    await invalid(await get('/api/private', `Bearer ${member}`), 'token is expired')
    clock.set(0)

    await tenant.close()
    const late = await serve()
    const unreachable = await fetch(`${late.url}/api/private`, {
      headers: { authorization: `Bearer ${member}` },
    })
    t.match(unreachable.headers.get('retry-after'), /^[1-5]$/)
    await check(unreachable, 503, 'issuer_unavailable', 'The identity provider cannot be reached')
    t.equal(
      (await get('/api/private', `Bearer ${member}`)).status,
      200,
      'a service that knows the key still serves',
    )
  })
})
