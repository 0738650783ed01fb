import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import t from 'tap'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const pem = { type: 'pkcs8', format: 'pem' } as const

t.test('with a private key the client authenticates by a signed JWT (RFC 7523)', async (t) => {
  for (const [{ privateKey }, alg] of [
    [generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
    [generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
    [generateKeyPairSync('ed25519'), 'Ed25519'],
  ] as const) {
    const { url, web } = await startWithIssuer(t, {
      AUTH0_CLIENT_KEY: String(privateKey.export(pem)),
      AUTH0_CLIENT_SECRET: '',
    })
    const browser = await loggedInAt({ url }, web)
    t.equal((await browser.visit(`${url}/profile`)).status, 200)
    const { client_assertion = '', client_assertion_type, client_secret } = web.requests[0] ?? {}
    t.equal(client_assertion_type, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    t.equal(client_secret, undefined)
    const { payload, protectedHeader } = await jwtVerify(client_assertion, createPublicKey(privateKey))
    t.match(payload, { iss: 'gatehouse-web', sub: 'gatehouse-web', jti: String })
    t.ok([payload.aud].flat().includes(web.issuer.url))
    t.equal(protectedHeader.alg, alg)
  }
})

t.test('the parameters of a login are pushed to an issuer that requires it (RFC 9126)', async (t) => {
  const { url, issuer } = await startWithIssuer(t)
  const discovery = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: `${issuer.url}oauth/token`,
    pushed_authorization_request_endpoint: `${issuer.url}oauth/token`, // the one that the test controls
  }
  issuer.discovery = { ...discovery, require_pushed_authorization_requests: true }
  const pushed: Record<string, string>[] = []
  const answer = (status: number, body: object) => {
    issuer.token = async (request, response) => {
      pushed.push(Object.fromEntries(new URLSearchParams(Buffer.concat(await request.toArray()).toString())))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
  }
  answer(201, { request_uri: 'urn:example:1', expires_in: 60 })
  const { status, headers } = await new WebBrowser().visit(`${url}/login`)
  t.equal(status, 302)
  const target = new URL(headers.get('location') ?? '')
  t.strictSame(Object.fromEntries(target.searchParams), {
    client_id: 'gatehouse-web',
    request_uri: 'urn:example:1',
  })
  t.match(pushed, [
    {
      client_id: 'gatehouse-web',
      code_challenge_method: 'S256',
      redirect_uri: `${url}/callback`,
      state: String,
    },
  ])

  answer(400, { error: 'invalid_request' })
  t.equal((await new WebBrowser().visit(`${url}/login`)).status, 400)
  answer(500, {})
  t.equal((await new WebBrowser().visit(`${url}/login`)).status, 503)

  const other = await startWithIssuer(t)
  other.issuer.discovery = JSON.parse(JSON.stringify(discovery).replaceAll(issuer.url, other.issuer.url))
  const { headers: plain } = await new WebBrowser().visit(`${other.url}/login`)
  t.match(plain.get('location'), /[?&]code_challenge=/)
})
