import { decodeJwt } from 'jose'
import { test } from 'tap'
import {
  allPermissions,
  api,
  clientCredentials,
  passwordGrant,
  postToken,
  tenantFor,
  verified,
} from './helpers/tenant.ts'

const subjectPattern = /^auth0\|[0-9a-f]{24}$/

test('a machine token has the claims of Auth0', async (t) => {
  const tenant = await tenantFor(t)
  const { status, body } = await clientCredentials(tenant)
  t.equal(status, 200)
  t.match(body, { token_type: 'Bearer', expires_in: 86_400, scope: allPermissions.join(' ') })

  const { payload, protectedHeader } = await verified(tenant, body.access_token)
  t.match(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: String })
  t.match(payload, {
    iss: tenant.issuer,
    sub: 'gatehouse-test@clients',
    azp: 'gatehouse-test',
    scope: allPermissions.join(' '),
    gty: 'client-credentials',
  })
  t.equal(payload.aud, api, 'a string, when there is one audience')
  t.same(payload.permissions, allPermissions)
  t.equal(Number(payload.exp) - Number(payload.iat), 86_400)
})

test('a machine gets the scopes it requests, but never unknown ones', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await clientCredentials(tenant, { scope: 'read:messages' })
  t.match(decodeJwt(body.access_token ?? ''), { scope: 'read:messages', permissions: ['read:messages'] })

  const typo = await clientCredentials(tenant, { scope: 'raed:messages' })
  t.equal(typo.status, 200)
  t.notOk(decodeJwt(typo.body.access_token ?? '').scope)
  t.same(decodeJwt(typo.body.access_token ?? '').permissions, [])
})

test('a user token by password has the claims of Auth0', async (t) => {
  const tenant = await tenantFor(t)
  const { status, body } = await passwordGrant(tenant, 'admin', { scope: 'openid profile email' })
  t.equal(status, 200)
  const { payload } = await verified(tenant, body.access_token)
  t.match(payload, {
    sub: subjectPattern,
    azp: 'gatehouse-test',
    gty: 'password',
    scope: `openid profile email ${allPermissions.join(' ')}`,
  })
  t.same(payload.aud, [api, `${tenant.issuer}userinfo`], 'with openid also for /userinfo')
  t.same(payload.permissions, allPermissions)
  t.notOk(body.refresh_token, 'without offline_access')

  const { payload: identity } = await verified(tenant, body.id_token, 'gatehouse-test')
  t.match(identity, {
    sub: payload.sub ?? '',
    nickname: 'admin',
    name: 'admin@example.com',
    picture: `${tenant.issuer}picture/a.svg`,
    updated_at: /^\d{4}-\d\d-\d\dT/,
    email: 'admin@example.com',
    email_verified: true,
  })
})

test('scope is what was requested and assigned; permissions are what was assigned', async (t) => {
  const tenant = await tenantFor(t)
  const granted = async (name: string, scope?: string) => {
    const { body } = await passwordGrant(tenant, name, scope === undefined ? {} : { scope })
    const claims = decodeJwt(body.access_token ?? '')
    return [claims.scope ?? '', claims.permissions]
  }
  const one = ['read:messages']
  t.same(await granted('admin'), [allPermissions.join(' '), allPermissions])
  t.same(await granted('admin', 'read:users'), ['read:users', allPermissions])
  t.same(await granted('reader'), ['read:messages', one])
  t.same(await granted('reader', 'openid'), ['openid read:messages', one])
  t.same(await granted('reader', 'read:messages write:messages'), ['read:messages', one])
  t.same(await granted('reader', 'write:messages'), ['', one])
  t.same(await granted('member'), ['', []])
  t.same(await granted('member', 'openid read:messages'), ['openid', []])
})

test('subjects are the same at every start', async (t) => {
  const subjects = []
  for (const tenant of [await tenantFor(t), await tenantFor(t)]) {
    const { body } = await passwordGrant(tenant, 'reader')
    subjects.push(decodeJwt(body.access_token ?? '').sub)
  }
  t.equal(subjects[0], subjects[1])
})

test('without an audience the token is for the default API', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await postToken(tenant, {
    grant_type: 'client_credentials',
    client_id: 'gatehouse-test',
    client_secret: 'gatehouse-test-secret',
  })
  t.equal((await verified(tenant, body.access_token)).payload.aud, api)
})

test('the password-realm grant is the password grant', async (t) => {
  const tenant = await tenantFor(t)
  const { status, body } = await passwordGrant(tenant, 'reader', {
    grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
    realm: 'Username-Password-Authentication',
  })
  t.equal(status, 200)
  t.match(decodeJwt(body.access_token ?? ''), { gty: 'password', permissions: ['read:messages'] })
})

test('the body may be JSON, and the secret may be sent by Basic', async (t) => {
  const { issuer } = await tenantFor(t)
  const json = { 'content-type': 'application/json' }
  const basic = { authorization: `Basic ${btoa('gatehouse-test:gatehouse-test-secret')}` }
  const secret = { client_id: 'gatehouse-test', client_secret: 'gatehouse-test-secret' }
  const grant = { grant_type: 'client_credentials', audience: api }
  const requests: RequestInit[] = [
    { headers: json, body: JSON.stringify({ ...grant, ...secret }) },
    { headers: { ...json, ...basic }, body: JSON.stringify(grant) },
    { headers: basic, body: new URLSearchParams(grant) },
  ]
  for (const request of requests) {
    const response = await fetch(`${issuer}oauth/token`, { method: 'POST', ...request })
    t.equal(response.status, 200)
    t.match(await response.json(), { access_token: String })
  }
})

test('a body that is not a JSON object is 400, and one that is too large 413', async (t) => {
  const { issuer } = await tenantFor(t)
  const headers = { 'content-type': 'application/json' }
  for (const body of ['{', '[]', 'null', '"text"', `{"a":"${'a'.repeat(70_000)}"}`]) {
    const response = await fetch(`${issuer}oauth/token`, { method: 'POST', headers, body })
    t.equal(response.status, body.length > 64 * 1024 ? 413 : 400)
    t.match(await response.json(), { error: 'invalid_request' })
  }
})

test('errors have the messages of Auth0', async (t) => {
  const tenant = await tenantFor(t)
  t.same(await passwordGrant(tenant, 'admin', { password: 'wrong' }), {
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Wrong email or password.' },
  })
  t.same(await passwordGrant(tenant, 'unknown'), {
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Wrong email or password.' },
  })
  for (const audience of ['nope', 'https://other/api']) {
    const body = { error: 'access_denied', error_description: `Service not found: ${audience}` }
    t.same(await clientCredentials(tenant, { audience }), { status: 403, body })
    t.same(await passwordGrant(tenant, 'admin', { audience }), { status: 403, body })
  }
  for (const client of [{ client_id: 'unknown' }, { client_secret: 'wrong' }]) {
    t.same(await clientCredentials(tenant, client), {
      status: 401,
      body: { error: 'access_denied', error_description: 'Unauthorized' },
    })
  }
  const web = { client_id: 'gatehouse-web', client_secret: 'gatehouse-web-secret' }
  t.same(await passwordGrant(tenant, 'admin', web), {
    status: 403,
    body: {
      error: 'unauthorized_client',
      error_description: "Grant type 'password' not allowed for the client.",
    },
  })
  t.match(await clientCredentials(tenant, web), { status: 403, body: { error: 'unauthorized_client' } })
  const incomplete = await passwordGrant(tenant, 'admin', { password: '' })
  t.match(incomplete, { status: 400, body: { error_description: 'Missing required parameter: password' } })
})

test('a refresh token can be used once', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await passwordGrant(tenant, 'reader', { scope: 'openid offline_access' })
  const refresh = (token = '') =>
    postToken(tenant, {
      grant_type: 'refresh_token',
      client_id: 'gatehouse-test',
      client_secret: 'gatehouse-test-secret',
      refresh_token: token,
    })
  const second = await refresh(body.refresh_token)
  t.equal(second.status, 200)
  t.not(second.body.refresh_token, body.refresh_token)
  const { payload } = await verified(tenant, second.body.access_token)
  t.match(payload, { scope: 'openid offline_access read:messages', gty: 'password' })
  t.same(payload.permissions, ['read:messages'])

  t.same(await refresh(body.refresh_token), {
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
  })
})

test('a revoked refresh token is rejected', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await passwordGrant(tenant, 'reader', { scope: 'offline_access' })
  const client = { client_id: 'gatehouse-test', client_secret: 'gatehouse-test-secret' }
  const revocation = await fetch(`${tenant.issuer}oauth/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...client, token: body.refresh_token }),
  })
  t.equal(revocation.status, 200)
  const refreshed = await postToken(tenant, {
    grant_type: 'refresh_token',
    ...client,
    refresh_token: body.refresh_token ?? '',
  })
  t.equal(refreshed.status, 403)
})
