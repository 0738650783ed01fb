import t from 'tap'
import { expandTenants, OpenTenants, openTenants } from '../../../src/plugins/auth/tenants.ts'

const issuer = 'https://login.test/{tid}/v2.0'

t.test('each tenant of a closed list is an issuer whose tokens must name the tenant', async (t) => {
  const entry = {
    issuer,
    tenants: ['a', 'b'],
    jwksUri: 'https://login.test/{tid}/keys',
    require: { '/azp': ['app'] },
  }
  t.match(expandTenants(entry), [
    {
      issuer: 'https://login.test/a/v2.0',
      jwksUri: 'https://login.test/a/keys',
      require: { '/azp': ['app'], '/tid': ['a'] },
    },
    { issuer: 'https://login.test/b/v2.0', require: { '/tid': ['b'] } },
  ])
  t.match(expandTenants({ issuer, tenants: ['a'], backchannelUrl: 'http://proxy/{tid}' }), [
    { backchannelUrl: 'http://proxy/a', jwksUri: undefined },
  ])
})

t.test('an issuer without tenants and an open list stay one entry', async (t) => {
  for (const entry of [{ issuer: 'https://one.test/' }, { issuer, tenants: ['*'] }])
    t.strictSame(expandTenants(entry), [entry])
  t.notOk(openTenants({ issuer, tenants: ['a'] }))
  t.notOk(openTenants({ issuer: 'https://one.test/' }))
  t.ok(openTenants({ issuer, tenants: ['*'] }))
})

t.test('an open list includes issuers that differ from the template in the tenant only', async (t) => {
  const tenants = new OpenTenants(issuer)
  t.equal(tenants.url, 'https://login.test/common/v2.0')
  t.equal(tenants.documentIssuer, 'https://login.test/{tenantid}/v2.0')
  t.ok(tenants.includes('https://login.test/11111111-1111-1111-1111-111111111111/v2.0'))
  for (const other of [
    'https://login.test//v2.0',
    'https://login.test/v2.0',
    'https://login.test/a/b/v2.0',
    'https://login.test/a?/v2.0',
    'https://login.test/a/v2.0/',
    'https://evil.test/a/v2.0',
  ])
    t.notOk(tenants.includes(other), other)
})

t.test('the token names the tenant of its issuer, and the key belongs to it', async (t) => {
  const tenants = new OpenTenants(issuer)
  const claims = { iss: 'https://login.test/a/v2.0', tid: 'a' }
  t.ok(tenants.isOwnTenant(claims))
  for (const tid of [undefined, 'b', ['a'], '']) t.notOk(tenants.isOwnTenant({ ...claims, tid }))
  t.ok(tenants.mayBeSignedBy(claims, 'https://login.test/{tenantid}/v2.0'), 'the key of all tenants')
  t.ok(tenants.mayBeSignedBy(claims, 'https://login.test/a/v2.0'), 'the key of this tenant')
  for (const key of [undefined, 'https://login.test/b/v2.0', 'https://other.test/{tenantid}/v2.0'])
    t.notOk(tenants.mayBeSignedBy(claims, key))
})
