import t from 'tap'
import { compileMapping } from '../../../src/plugins/auth/claim-mapping.ts'

const claims = { iss: 'https://one.test/', sub: 'auth0|1', aud: 'api', exp: 1_800_000_000 }
const issuer = claims.iss
const map = (more: object) => compileMapping({ issuer })({ ...claims, ...more }, ['/'])

t.test('claims are mapped to the properties of a verified token', async (t) => {
  t.match(
    map({
      azp: 'spa',
      scope: 'read:a  write:a ',
      permissions: ['read:a'],
      roles: ['editor'],
      org_id: 'org_1',
      acr: 'urn:mfa',
      auth_time: 1_799_999_000,
      act: { sub: 'service' },
    }),
    {
      issuer: 'https://one.test/',
      subject: 'auth0|1',
      clientId: 'spa',
      scopes: ['read:a', 'write:a'],
      permissions: ['read:a'],
      roles: ['editor'],
      organization: 'org_1',
      acr: 'urn:mfa',
      authTime: 1_799_999_000,
      actor: { sub: 'service' },
      expiresAt: 1_800_000_000,
    },
  )
  t.match(map({}), { clientId: null, organization: null, acr: null, authTime: null, actor: null })
})

t.test('scopes are text or an array, in `scope` or else in `scp`', async (t) => {
  const scopes = (more: object) => map(more).scopes
  t.strictSame(scopes({ scope: ['read:a', 'write:a'] }), ['read:a', 'write:a'])
  t.strictSame(scopes({ scp: 'read:a write:a' }), ['read:a', 'write:a'])
  t.strictSame(scopes({ scp: ['read:a'] }), ['read:a'])
  t.strictSame(scopes({ scope: 'read:a', scp: 'write:a' }), ['read:a'])
  t.strictSame(scopes({ scope: '', scp: 'write:a' }), [], 'a scope that is empty is present')
  t.strictSame(scopes({ scope: null, scp: 'write:a' }), [])
})

t.test('the client is the first claim that is text', async (t) => {
  const clients = [{ azp: 'a', client_id: 'b' }, { client_id: 'b' }, { cid: 'c' }, { appid: 'd' }, { azp: 7 }]
  t.strictSame(
    clients.map((each) => map(each).clientId),
    ['a', 'b', 'c', 'd', null],
  )
})

t.test('roles are an array, one name, or the member names of an object', async (t) => {
  const roles = [['a', 7], 'Domain Users', { admin: { o: 'x' }, reader: {} }, 7, null, undefined]
  t.strictSame(
    roles.map((each) => map({ roles: each }).roles),
    [['a'], ['Domain Users'], ['admin', 'reader'], [], [], []],
  )
})

t.test('an organization is text, or the only one of a list or object', async (t) => {
  const organizations = ['org_1', ['org_1'], { org_1: {} }, ['org_1', 'org_2'], { a: {}, b: {} }, 7]
  t.strictSame(
    organizations.map((each) => map({ org_id: each }).organization),
    ['org_1', 'org_1', 'org_1', null, null, null],
  )
})

t.test('a claim of another type grants nothing', async (t) => {
  const scopes = [undefined, null, 7, true, {}, [7, null]]
  t.strictSame(
    scopes.flatMap((scope) => map({ scope }).scopes),
    [],
  )
  const permissions = [undefined, null, 7, 'read:a', {}]
  t.strictSame(
    permissions.flatMap((each) => map({ permissions: each }).permissions),
    [],
  )
  t.same(map({ permissions: ['read:a', 7, null, ['b']] }).permissions, ['read:a'])
  t.match(map({ auth_time: '7', acr: 1, act: 'service' }), { authTime: null, acr: null, actor: null })
})

t.test('an issuer grants what its configuration allows and gives', async (t) => {
  const token = { ...claims, scope: 'read:a write:a', permissions: ['write:a'], roles: ['admin', 'read:a'] }
  const limited = compileMapping({ issuer, grants: ['read:a'] })(token, ['/'])
  t.match(limited, { scopes: ['read:a'], permissions: [], roles: ['read:a'] })
  t.equal(limited.scopes.length, 1)
  const given = compileMapping({ issuer, grants: ['read:a'], give: ['deploy:a', 'read:a'] })(token, ['/'])
  t.strictSame(given.scopes, ['read:a', 'deploy:a'])
  t.strictSame(given.permissions, ['deploy:a', 'read:a'])
})

t.test('claims of any name are found by their pointer', async (t) => {
  const pointers = { scopes: ['/https:~1~1example.com~1scopes'], roles: ['/realm_access/roles', '/roles'] }
  const token = compileMapping({ issuer, claims: pointers })(
    {
      ...claims,
      'https://example.com/scopes': 'read:a',
      realm_access: { roles: ['admin'] },
      roles: ['reader'],
    },
    ['/'],
  )
  t.match(token, { scopes: ['read:a'], roles: ['admin'] })
  const permissions = compileMapping({ issuer, claims: { permissions: ['/roles'] } })
  t.strictSame(permissions({ ...claims, roles: { admin: {} } }, ['/']).permissions, ['admin'])
  t.equal(token.roles.length, 1)
  t.throws(() => compileMapping({ issuer, claims: { roles: ['roles'] } }), {
    message: /roles is not a JSON pointer/,
  })
})
