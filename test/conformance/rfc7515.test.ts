import t from 'tap'
import { TestIssuer } from '../helpers/issuer.ts'
import { encode, rawToken, seal, signer } from '../helpers/raw-token.ts'
import { startService } from '../helpers/service.ts'

const { issuer, isAccepted, isRejected } = await startService(t)
const key = issuer.newestKey
const sign = signer(key.privateKey, 'RS256')
const good = await issuer.sign()
const [header = '', payload = '', signature = ''] = good.split('.')
const stranger = await TestIssuer.start(t)

t.test(
  'RFC 7515, 2: base64url has no padding, no white space and no letters of the base64 alphabet',
  async (t) => {
    for (const change of [
      (segment: string) => `${segment}${'='.repeat(-segment.length & 3)}=`,
      (segment: string) => `${segment}====`,
      (segment: string) => `${segment.slice(0, 4)}\t${segment.slice(4)}`,
      (segment: string) => `${segment.slice(0, 4)}+${segment.slice(5)}`,
      (segment: string) => `${segment.slice(0, 4)}/${segment.slice(5)}`,
    ]) {
      await isRejected(t, `${header}.${payload}.${change(signature)}`)
      await isRejected(t, seal(change(header), payload, sign))
      await isRejected(t, seal(header, change(payload), sign))
    }
    await isAccepted(t, good)
  },
)

t.test('RFC 7515, 3.1: a token has exactly three segments', async (t) => {
  await isRejected(t, [header, `${header}.${payload}`, `${good}.${signature}`, `${good}.`, `.${good}`])
  await isAccepted(t, good)
})

t.test('RFC 7515, 4: of two header parameters with the same name the last one counts', async (t) => {
  await isAccepted(t, issuer.signRaw(`{"alg":"none","kid":"x","alg":"RS256","kid":"${key.kid}"}`))
  await isRejected(t, issuer.signRaw(`{"alg":"RS256","kid":"${key.kid}","alg":"none"}`))
})

t.test('RFC 7515, 4: an unknown header parameter is ignored', async (t) => {
  await isAccepted(t, await issuer.sign({}, { 'https://x.test/y': { z: [1] }, nonce: 'n', b64: true }))
})

t.test('RFC 7515, 4.1.1: alg is present, case-sensitive and one of the configured ones', async (t) => {
  await isRejected(
    t,
    [undefined, null, '', 'rs256', 'RS256 ', ['RS256'], 'RS512', 'HS256', 'unknown'].map((alg) =>
      issuer.signRaw(issuer.header({ alg })),
    ),
  )
  await isAccepted(t, issuer.signRaw(issuer.header({ alg: 'RS256' })))
})

const places: [section: string, parameter: string, value: unknown][] = [
  ['4.1.2', 'jku', `${stranger.url}jwks.json`],
  ['4.1.3', 'jwk', stranger.newestKey.jwk],
  ['4.1.5', 'x5u', `${stranger.url}jwks.json`],
  ['4.1.6', 'x5c', ['MIIB']],
]

t.test('RFC 7515, 4.1.2 to 4.1.6: a key or a key URL in the token is never used', async (t) => {
  for (const [section, parameter, value] of places) {
    for (const kid of [key.kid, 'key-of-stranger', undefined]) {
      const planted = issuer.header({ [parameter]: value, kid })
      await isRejected(
        t,
        issuer.signRaw(planted, issuer.claims(), stranger.newestKey),
        `${section} ${parameter}`,
      )
    }
    await isAccepted(t, issuer.signRaw(issuer.header({ [parameter]: value })), 'the parameter is ignored')
  }
  t.equal(stranger.keySetRequests, 0)
})

t.test('RFC 7515, 4.1.4: kid is a case-sensitive string', async (t) => {
  await isRejected(
    t,
    [7, null, [key.kid], { kid: key.kid }, key.kid.toUpperCase(), `${key.kid} `, ''].map((kid) =>
      issuer.signRaw(issuer.header({ kid })),
    ),
  )
  await isAccepted(t, good)
})

t.test('RFC 7515, 4.1.9: typ is case-insensitive, with or without application/', async (t) => {
  await isAccepted(
    t,
    await Promise.all(
      ['JWT', 'jwt', 'application/jwt', 'Application/JWT', 'at+jwt', 'application/AT+JWT', undefined].map(
        (typ) => issuer.sign({}, { typ }),
      ),
    ),
  )
  await isRejected(
    t,
    ['JOSE', 'text/jwt', 'jwt;x=1', '', 7].map((typ) => issuer.signRaw(issuer.header({ typ }))),
  )
})

t.test('RFC 7515, 4.1.10: cty does not change how the token is verified', async (t) => {
  await isAccepted(t, issuer.signRaw(issuer.header({ cty: 'json' })))
})

t.test('RFC 7515, 4.1.11: a critical extension is rejected, and so is an empty list', async (t) => {
  await isRejected(
    t,
    [['exp'], ['b64'], ['alg'], ['urn:x'], [], [7], 'b64', null, {}].map((crit) =>
      issuer.signRaw(issuer.header({ crit, b64: true, 'urn:x': 1, exp: 1 })),
    ),
  )
  await isAccepted(t, issuer.signRaw(issuer.header({ b64: true, 'urn:x': 1, exp: 1 })))
})

t.test('RFC 7515, 5.2: the header is a JSON object in UTF-8', async (t) => {
  const json = JSON.stringify(issuer.header())
  await isRejected(
    t,
    ['', 'x', '[]', 'null', `"${json}"`, `[${json}]`, `${json}x`, json.slice(0, -1)].map((document) =>
      issuer.signRaw(document),
    ),
  )
  await isRejected(t, issuer.signRaw(Buffer.from(json.replace('{', '{"é":1,'), 'latin1')), 'Latin-1')
  await isAccepted(t, issuer.signRaw(json.replace('{', '{"é":1,')))
})

t.test('RFC 7515, 5.2: the signature covers header and payload as received', async (t) => {
  const spaced = JSON.stringify(issuer.claims(), null, 1)
  await isRejected(t, `${header}.${encode(spaced)}.${signature}`, 'the same claims as other text')
  await isAccepted(t, issuer.signRaw(issuer.header(), spaced))
})

t.test(
  'RFC 7515, 5.2: a signature that is missing, changed, of other input or by another key is rejected',
  async (t) => {
    const flipped = Buffer.from(signature, 'base64url')
    flipped[0] = (flipped[0] as number) ^ 1
    const [, , other] = (await issuer.sign({ jti: 'other' })).split('.')
    const byStranger = rawToken(
      issuer.header(),
      issuer.claims(),
      signer(stranger.newestKey.privateKey, 'RS256'),
    )
    await isRejected(t, [
      `${header}.${payload}.`,
      `${header}.${payload}.${flipped.toString('base64url')}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}.${other}`,
      byStranger,
    ])
    await isAccepted(t, good)
  },
)

t.test('RFC 7515, 5.3: names and values are compared by code points, without normalization', async (t) => {
  const { issuer, isAccepted, isRejected } = await startService(t)
  const named = await issuer.addKey('caf\u00e9')
  await isAccepted(t, await issuer.sign({}, {}, named))
  await isRejected(t, await issuer.sign({}, { kid: 'cafe\u0301' }, named))
  await isAccepted(t, issuer.signRaw('{"\\u0061lg":"RS256","kid":"caf\\u00e9"}'), 'after unescaping')
})

t.test('RFC 7515, 7.2: the JSON serialization is rejected', async (t) => {
  await isRejected(t, JSON.stringify({ protected: header, payload, signature }))
  await isRejected(t, JSON.stringify({ payload, signatures: [{ protected: header, signature }] }))
})

t.test('RFC 7515, A.5: an unsigned token is rejected', async (t) => {
  for (const alg of ['none', 'None', 'NONE']) {
    const unsecured = rawToken(issuer.header({ alg }), issuer.claims(), () => Buffer.alloc(0))
    await isRejected(t, unsecured, alg)
    await isRejected(t, issuer.signRaw(issuer.header({ alg })), `${alg}, with a signature`)
  }
})
