import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { fetchKeys as download, MAX_KEYS } from '../../../src/plugins/auth/fetch-keys.ts'
import { IssuerMetadata } from '../../../src/plugins/auth/issuer-metadata.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

/** Fetches the discovery document and then the key set, like class Issuer. */
async function fetchKeys(issuer: string, algorithms = ['RS256', 'ES256']) {
  const metadata = new IssuerMetadata({ issuer })
  const jwksUri = metadata.endpoint(await metadata.fetch(0), 'jwks_uri')
  return download(jwksUri, algorithms, AbortSignal.timeout(5_000))
}

const names = async (issuer: TestIssuer, algorithms?: string[]) =>
  (await fetchKeys(issuer.url, algorithms)).map(({ name }) => name)

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

const rejects = (t: Test, issuer: TestIssuer, message: RegExp) =>
  t.rejects(fetchKeys(issuer.url), { message })

t.test('the keys are fetched from the jwks_uri of the discovery document', async (t) => {
  const issuer = await TestIssuer.start(t)
  await issuer.addKey('key-2', 'ES256')
  const keys = await fetchKeys(issuer.url)
  t.same(
    keys.map(({ name }) => name),
    ['RS256 key-1', 'ES256 key-2'],
  )
  t.equal(issuer.keySetRequests, 1)
})

t.test(
  'the URL of the discovery document is right with and without a final slash, and below a path',
  async (t) => {
    t.equal(
      new IssuerMetadata({ issuer: 'https://one.test/' }).url,
      'https://one.test/.well-known/openid-configuration',
    )
    t.equal(
      new IssuerMetadata({ issuer: 'https://one.test/realms/a' }).url,
      'https://one.test/realms/a/.well-known/openid-configuration',
    )
  },
)

t.test('entries that are not keys are ignored', async (t) => {
  const issuer = await TestIssuer.start(t)
  issuer.keySet = { keys: [null, 7, 'key', [], { kid: 'a' }, issuer.newestKey.jwk] }
  t.same(await names(issuer), ['RS256 key-1'])
  issuer.keySet = { keys: [{ kid: 'a' }] }
  t.same(await names(issuer), [], 'no usable key')
})

t.test('an empty key set is an error', async (t) => {
  const issuer = await TestIssuer.start(t)
  for (const keys of [[], [null, 7]]) {
    issuer.keySet = { keys }
    await rejects(t, issuer, /is empty/)
  }
})

t.test('a key for Ed25519 names its algorithm EdDSA or Ed25519 (RFC 9864)', async (t) => {
  const issuer = await TestIssuer.start(t)
  const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  for (const alg of [undefined, 'EdDSA', 'Ed25519']) {
    issuer.keySet = { keys: [{ ...key, kid: 'a', alg }] }
    t.same(await names(issuer, ['EdDSA']), ['EdDSA a'])
  }
})

t.test('a key is usable with each algorithm that it fits', async (t) => {
  const issuer = await TestIssuer.start(t)
  issuer.keySet = { keys: [{ ...rsa(), kid: 'a' }, rsa()] }
  t.same(await names(issuer, ['RS256', 'PS256', 'ES256']), ['RS256 a', 'RS256', 'PS256 a', 'PS256'])
})

t.test('different keys with one kid are ignored, and the same key twice counts once', async (t) => {
  const issuer = await TestIssuer.start(t)
  const [a, b] = [rsa(), rsa()]
  for (const [jwks, expected] of [
    [
      [
        { ...a, kid: 'a' },
        { ...b, kid: 'a' },
        { ...b, kid: 'b' },
      ],
      ['RS256 b'],
    ],
    [
      [
        { ...a, kid: 'a' },
        { ...a, kid: 'a' },
      ],
      ['RS256 a'],
    ],
    [
      [
        { ...a, kid: 'a' },
        { ...a, kid: 'a', use: 'sig', alg: 'RS256' },
      ],
      ['RS256 a'],
    ],
    [
      [
        { ...a, kid: 'a' },
        { ...ec(), kid: 'a' },
      ],
      ['RS256 a', 'ES256 a'],
    ],
    [
      [
        { ...a, kid: 'a' },
        { ...b, kid: 'a', use: 'enc' },
      ],
      ['RS256 a'],
    ],
  ] as const) {
    issuer.keySet = { keys: jwks }
    t.same(await names(issuer), expected)
  }
})

t.test('at most a hundred keys of a set are used', async (t) => {
  const issuer = await TestIssuer.start(t)
  const key = ec()
  issuer.keySet = { keys: Array.from({ length: 150 }, (_, kid) => ({ ...key, kid: String(kid) })) }
  t.equal((await names(issuer)).length, MAX_KEYS)
})

t.test('the request accepts the media type of key sets', async (t) => {
  const issuer = await TestIssuer.start(t)
  issuer.misbehavesOnlyWithKeys = true
  issuer.misbehaviour = ({ headers }, response) =>
    response.writeHead(headers.accept?.includes('application/jwk-set+json') ? 200 : 406).end('{"keys":[{}]}')
  t.same(await names(issuer), [])
})

t.test('a discovery document of another issuer is rejected', async (t) => {
  const issuer = await TestIssuer.start(t)
  const jwks_uri = `${issuer.url}jwks.json`
  for (const discovery of [
    { issuer: issuer.url.slice(0, -1), jwks_uri },
    { issuer: 'https://evil.test/', jwks_uri },
    { jwks_uri },
  ]) {
    issuer.discovery = discovery
    await rejects(t, issuer, /discovery document names .*, not /)
  }
  for (const uri of [undefined, 7, 'http://keys.example/jwks.json', '/jwks.json', 'file:///etc/passwd']) {
    issuer.discovery = { issuer: issuer.url, jwks_uri: uri }
    await rejects(t, issuer, /jwks_uri/)
  }
  t.equal(issuer.keySetRequests, 0)
})

t.test('a response that is not a key set is an error', async (t) => {
  const issuer = await TestIssuer.start(t)
  for (const keySet of [{}, { keys: null }, { keys: {} }, { keys: 'none' }]) {
    issuer.keySet = keySet
    await rejects(t, issuer, /has no keys/)
  }
  for (const document of ['[]', '7', 'null']) {
    issuer.misbehaviour = (_request, response) => response.end(document)
    await rejects(t, issuer, /not a JSON object/)
  }
  issuer.misbehaviour = (_request, response) => response.end('<html>')
  await rejects(t, issuer, /JSON/)
})

t.test('a status other than 200 is an error, whatever the body', async (t) => {
  const issuer = await TestIssuer.start(t)
  for (const status of [201, 401, 404, 429, 500, 503]) {
    issuer.misbehaviour = (_request, response) =>
      response.writeHead(status).end(JSON.stringify({ issuer: issuer.url, keys: [] }))
    await rejects(t, issuer, new RegExp(`answered ${status}`))
  }
})

t.test('a redirect is not followed', async (t) => {
  const issuer = await TestIssuer.start(t)
  let visits = 0
  const elsewhere = createServer((_request, response) => {
    visits++
    response.end('{}')
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  t.teardown(() => elsewhere.close())
  const location = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}/`
  issuer.misbehaviour = (_request, response) => response.writeHead(302, { location }).end()
  await t.rejects(fetchKeys(issuer.url))
  t.equal(visits, 0)
})

t.test('a response over 1 MiB is aborted at the limit', async (t) => {
  const issuer = await TestIssuer.start(t)
  const chunk = Buffer.alloc(65_536, ' ')
  let sent = 0
  issuer.misbehaviour = (_request, response) => {
    const pump = () => {
      while (!response.destroyed && sent < 64 * 1_048_576) {
        sent += chunk.length
        if (!response.write(chunk)) return
      }
      response.end()
    }
    response.on('drain', pump)
    pump()
  }
  await rejects(t, issuer, /longer than 1048576 bytes/)
  t.ok(sent < 32 * 1_048_576, 'most of the body is never sent')
})

t.test('an unreachable issuer is an error', async (t) => {
  const issuer = await TestIssuer.start(t)
  await issuer.stop()
  await t.rejects(fetchKeys(issuer.url))
})

t.test('an https issuer cannot name endpoints on the loopback over plain http', async (t) => {
  const remote = new IssuerMetadata({ issuer: 'https://one.test/' })
  const local = new IssuerMetadata({ issuer: 'http://127.0.0.1:4400/' })
  for (const name of ['jwks_uri', 'userinfo_endpoint', 'authorization_endpoint']) {
    for (const url of ['http://127.0.0.1:4400/x', 'http://localhost/x', 'http://[::1]:1/x']) {
      t.throws(() => remote.endpoint({ [name]: url }, name), { message: new RegExp(name) })
      t.equal(local.endpoint({ [name]: url }, name), url)
    }
  }
})
