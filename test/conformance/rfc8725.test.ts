import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { type IssuerKey, TestIssuer } from '../helpers/issuer.ts'
import { rawToken } from '../helpers/raw-token.ts'
import { startService } from '../helpers/service.ts'

const { issuer, get, isAccepted, isRejected } = await startService(t)
const key = issuer.newestKey
const good = await issuer.sign()

t.test('RFC 8725, 3.1: only the configured algorithms are accepted, whatever the token says', async (t) => {
  const algorithms = ['ES256', 'PS256', 'RS256', 'ES384', 'EdDSA'] as const
  const keys: IssuerKey[] = []
  const several = await startService(t, { AUTH_ALGORITHMS: 'ES256,PS256' }, {}, async (issuer) => {
    for (const algorithm of algorithms) keys.push(await issuer.addKey(algorithm, algorithm))
  })
  for (const key of keys) {
    const token = await several.issuer.sign({}, {}, key)
    if (['ES256', 'PS256'].includes(key.algorithm)) await several.isAccepted(t, token, key.algorithm)
    else await several.isRejected(t, token, key.algorithm)
  }
})

t.test('RFC 8725, 3.1: a public key is not used as an HMAC secret', async (t) => {
  const publicKey = createPublicKey(key.privateKey)
  const secrets = [
    publicKey.export({ type: 'spki', format: 'pem' }),
    publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(key.jwk),
  ]
  for (const alg of ['HS256', 'RS256']) {
    const signers = secrets.map(
      (secret) => (input: string) => createHmac('sha256', secret).update(input).digest(),
    )
    const tokens = signers.map((sign) => rawToken(issuer.header({ alg }), issuer.claims(), sign))
    await isRejected(t, tokens, alg)
  }
})

t.test('RFC 8725, 3.1: a key with alg is used with that algorithm only', async (t) => {
  const several = await startService(t, { AUTH_ALGORITHMS: 'RS256,PS256' })
  const { issuer } = several
  const asPss = { ...issuer.newestKey, algorithm: 'PS256' }
  await several.isRejected(t, await issuer.sign({}, {}, asPss))
  await several.isAccepted(t, await issuer.sign())
})

t.test('RFC 8725, 3.2: an unsigned token and a weak key are rejected', async (t) => {
  await isRejected(
    t,
    rawToken({ alg: 'none' }, issuer.claims(), () => Buffer.alloc(0)),
  )
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const jwk = { ...weak.publicKey.export({ format: 'jwk' }), kid: key.kid }
  const { isRejected: isRejectedToo, issuer: careless } = await startService(t, {}, {}, (issuer) => {
    issuer.keySet = { keys: [jwk] }
  })
  const weakKey = { ...key, privateKey: weak.privateKey }
  await isRejectedToo(t, careless.signRaw(careless.header(), careless.claims(), weakKey))
})

t.test('RFC 8725, 3.3: a token is rejected if any bit of its signature is changed', async (t) => {
  const [header = '', payload = '', signature = ''] = good.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const tokens = []
  for (let bit = 0; bit < 8 * bytes.length; bit += 97) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
    tokens.push(`${header}.${payload}.${changed.toString('base64url')}`)
  }
  await isRejected(t, tokens)
  await isAccepted(t, good)
})

t.test('RFC 8725, 3.4: a key that is not a point of its curve is not used', async (t) => {
  const curves = await startService(t, { AUTH_ALGORITHMS: 'ES256' })
  const { jwk } = await curves.issuer.addKey('point', 'ES256')
  curves.issuer.keySet = { keys: [{ ...jwk, y: jwk.x }] }
  await curves.isRejected(t, await curves.issuer.sign())
})

t.test('RFC 8725, 3.7: header and payload are UTF-8', async (t) => {
  const claims = JSON.stringify(issuer.claims({ sub: 'Zoë' }))
  for (const encoding of ['latin1', 'utf16le'] as const) {
    await isRejected(t, issuer.signRaw(issuer.header(), Buffer.from(claims, encoding)), encoding)
    await isRejected(
      t,
      issuer.signRaw(Buffer.from(JSON.stringify(issuer.header({ x: 'ë' })), encoding)),
      encoding,
    )
  }
  t.match(await (await get(issuer.signRaw(issuer.header(), claims), '/api/me')).json(), { sub: 'Zoë' })
})

t.test('RFC 8725, 3.8: the keys of one issuer do not verify tokens of another', async (t) => {
  const [one, two] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const app = await listen(t, one, { environment: { AUTH0_DOMAIN: `${one.url},${two.url}` } })
  const status = async (token: string) =>
    (await fetch(`${app.url}/api/private`, { headers: bearer(token) })).status
  for (const issuer of [one, two]) t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(await one.sign({ iss: two.url })), 401)
  t.equal(await status(await two.sign({ iss: one.url })), 401)
  const stranger = await TestIssuer.start(t)
  t.equal(await status(await stranger.sign()), 401)
  t.equal(stranger.keySetRequests, 0, 'an issuer that is not configured gets no request')
})

t.test('RFC 8725, 3.8: a token without a valid subject is rejected', async (t) => {
  await isRejected(
    t,
    [undefined, '', 7].map((sub) => issuer.signRaw(issuer.header(), issuer.claims({ sub }))),
  )
})

t.test('RFC 8725, 3.9: a token for another audience is rejected', async (t) => {
  await isRejected(
    t,
    await Promise.all(['https://other.test', [], undefined].map((aud) => issuer.sign({ aud }))),
  )
  await isAccepted(t, good)
})

t.test('RFC 8725, 3.10: kid is only compared, and no URL of the token is requested', async (t) => {
  const stranger = await TestIssuer.start(t)
  await isRejected(
    t,
    await Promise.all(
      ["' OR '1'='1", '../../../etc/passwd', '$(id)', `${stranger.url}jwks.json`, '__proto__'].map((kid) =>
        issuer.sign({}, { kid }),
      ),
    ),
  )
  await isRejected(
    t,
    await Promise.all(
      ['jku', 'x5u'].map((parameter) =>
        issuer.sign({}, { [parameter]: `${stranger.url}jwks.json` }, stranger.newestKey),
      ),
    ),
  )
  t.equal(stranger.keySetRequests, 0)
})

t.test('RFC 8725, 3.11: a token of another explicit type is rejected', async (t) => {
  await isRejected(
    t,
    await Promise.all(
      ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', 'id_token+jwt'].map((typ) =>
        issuer.sign({}, { typ }),
      ),
    ),
  )
  await isAccepted(t, await issuer.sign({}, { typ: 'at+jwt' }))
})

t.test(
  'RFC 8725, 3.12: other kinds of tokens of the same issuer are not accepted as access tokens',
  async (t) => {
    const kinds = {
      'an ID token': issuer.signRaw(issuer.header(), issuer.claims({ aud: 'client', nonce: 'n' })),
      'a logout token': issuer.signRaw(
        issuer.header({ typ: 'logout+jwt' }),
        issuer.claims({ aud: 'client', sub: undefined, sid: 's', events: {} }),
      ),
      'a logout token of no type': issuer.signRaw(
        issuer.header(),
        issuer.claims({ aud: 'client', events: {} }),
      ),
      'a client assertion': issuer.signRaw(issuer.header(), issuer.claims({ iss: 'client', sub: 'client' })),
    }
    await isRejected(t, Object.values(kinds))
  },
)
