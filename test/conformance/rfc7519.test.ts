import t from 'tap'
import { AUDIENCE } from '../helpers/issuer.ts'
import { encode, rawToken } from '../helpers/raw-token.ts'
import { startService } from '../helpers/service.ts'

const { issuer, get, isAccepted, isRejected } = await startService(t)
const withClaims = (changes: object) => issuer.signRaw(issuer.header(), issuer.claims(changes))
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
/** Far from the tolerance of 5 seconds, so that a slow machine does not matter. */
const MINUTE = 60

t.test('RFC 7519, 2: times are numbers, fractions included', async (t) => {
  await isAccepted(t, withClaims({ exp: inSeconds(MINUTE) + 0.5, nbf: 0.25, iat: 1.75 }))
  for (const name of ['exp', 'nbf', 'iat']) {
    await isRejected(
      t,
      [`${inSeconds(name === 'exp' ? MINUTE : 0)}`, '2100-01-01T00:00:00Z', null, true, [], {}].map((value) =>
        withClaims({ [name]: value }),
      ),
    )
  }
})

t.test('RFC 7519, 4: unknown claims are ignored', async (t) => {
  await isAccepted(t, withClaims({ 'https://x.test/y': [{ z: 1 }], auth_time: 'never' }))
})

t.test('RFC 7519, 4: of two claims with the same name the last one counts', async (t) => {
  const claims = JSON.stringify(issuer.claims())
  await isAccepted(t, issuer.signRaw(issuer.header(), claims.replace('{', '{"exp":1,"iss":"x",')))
  await isRejected(t, issuer.signRaw(issuer.header(), claims.replace('}', ',"exp":1}')))
})

t.test('RFC 7519, 4.1.1: iss is exactly the configured issuer', async (t) => {
  const { url } = issuer
  await isRejected(
    t,
    [undefined, '', url.slice(0, -1), `${url}/`, url.toUpperCase(), [url], `${url} `].map((iss) =>
      withClaims({ iss }),
    ),
  )
  await isAccepted(t, withClaims({ iss: url }))
})

t.test('RFC 7519, 4.1.2: sub is a string', async (t) => {
  await isRejected(
    t,
    [undefined, '', 7, null, ['auth0|1'], {}].map((sub) => withClaims({ sub })),
  )
  for (const sub of ['auth0|1', '1', 'client@clients', 'Zoë \u{1f511}']) {
    const response = await get(withClaims({ sub }), '/api/me')
    t.match(await response.json(), { sub })
  }
})

t.test(
  'RFC 7519, 4.1.3: aud is a string or a list of strings that contains a configured audience',
  async (t) => {
    await isAccepted(
      t,
      [AUDIENCE, [AUDIENCE], ['https://other.test', AUDIENCE]].map((aud) => withClaims({ aud })),
    )
    await isRejected(
      t,
      [undefined, [], '', AUDIENCE.toUpperCase(), `${AUDIENCE}/`, ['https://other.test'], [AUDIENCE, 7]].map(
        (aud) => withClaims({ aud }),
      ),
    )
  },
)

t.test('RFC 7519, 4.1.4: a token is rejected after exp', async (t) => {
  await isRejected(
    t,
    [inSeconds(-MINUTE), 0, -1].map((exp) => withClaims({ exp })),
  )
  await isAccepted(t, withClaims({ exp: inSeconds(MINUTE) }))
  await isAccepted(t, withClaims({ exp: inSeconds(-1) }), 'within the leeway')
})

t.test('RFC 7519, 4.1.5: a token is rejected before nbf', async (t) => {
  await isRejected(t, withClaims({ nbf: inSeconds(MINUTE) }))
  await isAccepted(t, withClaims({ nbf: inSeconds(-MINUTE) }))
  await isAccepted(t, withClaims({ nbf: undefined }), 'nbf is optional')
})

t.test('RFC 7519, 4.1.6: iat may be missing, and is not in the future', async (t) => {
  await isRejected(t, withClaims({ iat: inSeconds(MINUTE) }))
  await isAccepted(
    t,
    [undefined, 0, inSeconds(-MINUTE)].map((iat) => withClaims({ iat })),
  )
})

t.test('RFC 7519, 4.1.7: jti may be missing, and a token may be used again', async (t) => {
  const token = withClaims({ jti: 'once' })
  for (let time = 0; time < 2; time++) await isAccepted(t, token)
  await isAccepted(t, withClaims({ jti: undefined }))
})

t.test('RFC 7519, 5.1: typ is JWT or missing', async (t) => {
  await isAccepted(
    t,
    ['JWT', undefined].map((typ) => issuer.signRaw(issuer.header({ typ }))),
  )
  await isRejected(
    t,
    ['JWE', 'JOSE', 'SAML'].map((typ) => issuer.signRaw(issuer.header({ typ }))),
  )
})

t.test('RFC 7519, 5.2: a nested token is rejected', async (t) => {
  const inner = await issuer.sign()
  await isRejected(
    t,
    ['JWT', undefined].map((cty) => issuer.signRaw(issuer.header({ cty }), inner)),
  )
  await isAccepted(t, inner)
})

t.test('RFC 7519, 6: an unsecured token is rejected', async (t) => {
  await isRejected(
    t,
    rawToken({ alg: 'none' }, issuer.claims(), () => Buffer.alloc(0)),
  )
})

t.test('RFC 7519, 7.2: an encrypted token is rejected', async (t) => {
  const header = encode({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: issuer.newestKey.kid })
  await isRejected(t, `${header}.AAAA.AAAA.AAAA.AAAA`)
  await isRejected(t, issuer.signRaw(issuer.header({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })))
})

t.test('RFC 7519, 7.2: the payload is a JSON object in UTF-8', async (t) => {
  const json = JSON.stringify(issuer.claims({ name: 'Zoë' }))
  await isRejected(
    t,
    ['', 'x', '[]', 'null', '7', `[${json}]`, `${json}${json}`, `\ufeff${json}`].map((document) =>
      issuer.signRaw(issuer.header(), document),
    ),
  )
  await isRejected(t, issuer.signRaw(issuer.header(), Buffer.from(json, 'latin1')), 'Latin-1')
  await isRejected(t, issuer.signRaw(issuer.header(), Buffer.from(json, 'utf16le')), 'UTF-16')
  await isAccepted(t, issuer.signRaw(issuer.header(), json))
})
