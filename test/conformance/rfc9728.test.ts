import * as oauth from 'oauth4webapi'
import t from 'tap'
import { AUDIENCE } from '../helpers/issuer.ts'
import { startService } from '../helpers/service.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const PUBLIC_URL = 'https://api.example'
const { issuer, app, get } = await startService(
  t,
  { PUBLIC_URL },
  {
    extend: (app) => {
      app.protectedResource('/reports', { name: 'Reports' })
      app.get('/reports/a', { preHandler: app.requiresScope('read:it') }, async () => ({}))
      app.protectedResource('/plain', { name: 'Plain' })
      app.get('/plain/a', { preHandler: app.authenticate }, async () => ({}))
    },
  },
)
const metadata = async (path = '') => {
  const response = await fetch(`${app.url}${WELL_KNOWN}${path}`)
  return { response, body: (await response.json()) as Record<string, unknown> }
}

t.test('RFC 9728, 2: resource is the public URL with the path of the resource', async (t) => {
  t.equal((await metadata()).body.resource, PUBLIC_URL)
  t.equal((await metadata('/reports')).body.resource, `${PUBLIC_URL}/reports`)
})

t.test('RFC 9728, 2: authorization_servers lists the issuers whose tokens are accepted', async (t) => {
  t.strictSame((await metadata()).body.authorization_servers, [issuer.url])
  t.equal((await get(await issuer.sign())).status, 200)
})

t.test('RFC 9728, 2: scopes and methods are those that the service accepts', async (t) => {
  const { body } = await metadata('/reports')
  t.match(body, { scopes_supported: ['read:it'], bearer_methods_supported: ['header'] })
  const aud = `${PUBLIC_URL}/reports`
  t.equal((await get(await issuer.sign({ aud, scope: 'read:it' }), '/reports/a')).status, 200)
})

t.test('RFC 9728, 3: the document is where clients derive it from the identifier', async (t) => {
  const { status } = await oauth.resourceDiscoveryRequest(new URL(`${app.url}/reports`), {
    [oauth.allowInsecureRequests]: true,
  })
  t.equal(status, 200)
})

t.test('RFC 9728, 3.2: the response is JSON without empty members', async (t) => {
  const { response, body } = await metadata('/plain')
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json(;|$)/)
  t.notOk('scopes_supported' in body, 'its routes require no scope')
  for (const value of Object.values(body)) t.ok(value !== null && (value as unknown[]).length > 0)
})

t.test(
  'RFC 9728, 3.3: a client that compares the resource accepts the metadata of each resource',
  async (t) => {
    for (const path of ['', '/reports', '/plain']) {
      const response = await fetch(`${app.url}${WELL_KNOWN}${path}`)
      const expected = new URL(`${PUBLIC_URL}${path}`)
      await t.resolves(oauth.processResourceDiscoveryResponse(expected, response.clone()))
      const other = new URL(`${PUBLIC_URL}/other`)
      await t.rejects(oauth.processResourceDiscoveryResponse(other, response))
    }
  },
)

t.test('RFC 9728, 5.1: a challenge has the URL of the metadata of its resource', async (t) => {
  for (const [path, resource] of [
    ['/api/private', ''],
    ['/reports/a', '/reports'],
    ['/plain/a', '/plain'],
  ]) {
    const { headers } = await fetch(`${app.url}${path}`)
    t.ok(
      headers
        .get('www-authenticate')
        ?.endsWith(`, resource_metadata="${PUBLIC_URL}${WELL_KNOWN}${resource}"`),
    )
  }
})

t.test('RFC 9728, 7.4: a token for one resource is rejected at another', async (t) => {
  const status = async (path: string, aud: string) => (await get(await issuer.sign({ aud }), path)).status
  t.strictSame([await status('/api/private', AUDIENCE), await status('/plain/a', AUDIENCE)], [200, 401])
  const plain = `${PUBLIC_URL}/plain`
  t.strictSame([await status('/api/private', plain), await status('/plain/a', plain)], [401, 200])
})
