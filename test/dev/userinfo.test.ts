import { mock } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import { clientCredentials, passwordGrant, tenantFor } from './helpers/tenant.ts'

test('/userinfo returns the claims that the scopes of the token allow', async (t) => {
  const tenant = await tenantFor(t)
  const claimsWith = async (scope: string) => {
    const { body } = await passwordGrant(tenant, 'reader', { scope })
    const response = await fetch(`${tenant.issuer}userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    t.equal(response.status, 200)
    return (await response.json()) as Record<string, unknown>
  }
  const profile = ['nickname', 'name', 'picture', 'updated_at']
  t.same(Object.keys(await claimsWith('openid')), ['sub'])
  t.same(Object.keys(await claimsWith('openid profile')), ['sub', ...profile])
  t.same(Object.keys(await claimsWith('openid email')), ['sub', 'email', 'email_verified'])
  const all = await claimsWith('openid profile email')
  t.match(all, { nickname: 'reader', name: 'reader@example.com', email_verified: true })

  const picture = await fetch(String(all.picture))
  t.equal(picture.headers.get('content-type'), 'image/svg+xml')
})

test('/userinfo rejects a token that is missing, forged, expired or without openid', async (t) => {
  const tenant = await tenantFor(t)
  const { privateKey } = await generateKeyPair('RS256')
  const forged = await new SignJWT({ sub: 'auth0|0', scope: 'openid' })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(tenant.issuer)
    .setAudience(`${tenant.issuer}userinfo`)
    .setExpirationTime('1h')
    .sign(privateKey)
  const { body } = await passwordGrant(tenant, 'reader')
  const machine = await clientCredentials(tenant)
  const tokens = [forged, body.access_token, machine.body.access_token, 'text', 'two words']
  for (const token of tokens) {
    const response = await fetch(`${tenant.issuer}userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    })
    t.equal(response.status, 401)
    t.match(response.headers.get('www-authenticate'), /^Bearer realm="Users"/)
  }
  const without = await fetch(`${tenant.issuer}userinfo`)
  t.equal(without.status, 401)
  t.equal(without.headers.get('www-authenticate'), 'Bearer realm="Users"')

  const { body: good } = await passwordGrant(tenant, 'reader', { scope: 'openid' })
  const headers = { authorization: `Bearer ${good.access_token}` }
  t.equal((await fetch(`${tenant.issuer}userinfo`, { headers })).status, 200)
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 25 * 60 * 60 * 1000 })
  t.teardown(() => mock.timers.reset())
  t.equal((await fetch(`${tenant.issuer}userinfo`, { headers })).status, 401, 'a day later')
})

test('/userinfo accepts the token by header, query or form, but only one', async (t) => {
  const tenant = await tenantFor(t)
  const { body } = await passwordGrant(tenant, 'reader', { scope: 'openid' })
  const token = body.access_token ?? ''
  const lines: string[] = []
  const { write } = process.stderr
  process.stderr.write = (text) => lines.push(String(text)) > 0
  t.teardown(() => {
    process.stderr.write = write
  })
  const url = `${tenant.issuer}userinfo`
  const authorization = `Bearer ${token}`
  const form = () => new URLSearchParams({ access_token: token })
  t.equal((await fetch(`${url}?${form()}`)).status, 200)
  t.equal((await fetch(`${url}?${form()}`)).status, 200)
  t.match(lines, [/^A token was sent in the query of \/userinfo\./])
  t.equal(lines.length, 1, 'once')
  t.equal((await fetch(url, { method: 'POST', body: form() })).status, 200)
  t.equal((await fetch(url, { method: 'POST', headers: { authorization } })).status, 200)
  t.equal((await fetch(url, { method: 'POST', body: form(), headers: { authorization } })).status, 400)
  t.equal((await fetch(`${url}?access_token=text`)).status, 401)
})
