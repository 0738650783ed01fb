import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { IssuerMetadata } from '../../../src/plugins/auth/issuer-metadata.ts'

/** Serves documents by path; other paths are 404. */
async function serve(t: Test, documents: (url: string) => Record<string, object>) {
  const requested: string[] = []
  const answer: RequestListener = (request, response) => {
    requested.push(request.url as string)
    const document = documents(url)[request.url as string]
    if (document) response.end(JSON.stringify(document))
    else response.writeHead(404).end()
  }
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, requested }
}

t.test('an issuer with the metadata of RFC 8414 only is found below its path', async (t) => {
  const { url, requested } = await serve(t, (url) => ({
    '/.well-known/oauth-authorization-server/realms/x': {
      issuer: `${url}/realms/x`,
      jwks_uri: `${url}/keys`,
    },
    '/.well-known/oauth-authorization-server': { issuer: `${url}/`, jwks_uri: `${url}/keys` },
  }))
  t.match(await new IssuerMetadata({ issuer: `${url}/realms/x` }).get(0), { jwks_uri: `${url}/keys` })
  t.match(await new IssuerMetadata({ issuer: `${url}/` }).get(0), { issuer: `${url}/` })
  t.strictSame(requested, [
    '/realms/x/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/realms/x',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
  ])
})

t.test('an issuer without metadata is an error', async (t) => {
  const { url, requested } = await serve(t, () => ({}))
  await t.rejects(new IssuerMetadata({ issuer: `${url}/` }).get(0), { message: /answered 404/ })
  t.equal(requested.length, 2)
})

t.test('the service reaches an issuer at its backchannel URL, and browsers at its name', async (t) => {
  const issuer = 'http://localhost:1/realms/x'
  const documents = {
    '/realms/x/.well-known/openid-configuration': {
      issuer,
      jwks_uri: `${issuer}/keys`,
      token_endpoint: 'https://elsewhere.test/token',
      userinfo_endpoint: 7,
      authorization_endpoint: `${issuer}/authorize`,
      end_session_endpoint: `${issuer}/logout`,
    },
  }
  const { url } = await serve(t, () => documents)
  const metadata = new IssuerMetadata({ issuer, backchannelUrl: `${url}/realms/x/` })
  const document = await metadata.get(0)
  t.match(document, {
    jwks_uri: `${url}/realms/x/keys`,
    token_endpoint: 'https://elsewhere.test/token',
    userinfo_endpoint: 7,
    authorization_endpoint: `${issuer}/authorize`,
    end_session_endpoint: `${issuer}/logout`,
  })
  t.equal(metadata.endpoint(document, 'jwks_uri'), `${url}/realms/x/keys`)
})

t.test('plain http off the loopback is allowed by a switch only', async (t) => {
  const issuer = 'http://keycloak:8080/realms/x'
  const url = 'http://keycloak:8080/keys'
  t.notOk(new IssuerMetadata({ issuer }).allows(url))
  const insecure = new IssuerMetadata({ issuer, insecureHttp: true })
  t.ok(insecure.allows(url))
  t.ok(insecure.allows('https://keycloak/keys'))
  for (const other of ['ftp://keycloak/keys', '/keys', 'file:///etc/passwd'])
    t.notOk(insecure.allows(other), other)
})

t.test('the metadata of all tenants are those of the tenant common', async (t) => {
  const { url, requested } = await serve(t, (url) => ({
    '/common/v2.0/.well-known/openid-configuration': { issuer: `${url}/{tenantid}/v2.0` },
  }))
  const metadata = new IssuerMetadata({ issuer: `${url}/{tid}/v2.0`, tenants: ['*'] })
  t.match(await metadata.get(0), { issuer: `${url}/{tenantid}/v2.0` })
  t.equal(requested.length, 1)
})
