import { hash } from 'node:crypto'
import { request } from 'node:http'
import { exportJWK } from 'jose'
import t, { type Test } from 'tap'
import { bearer, METADATA } from '../helpers/app.ts'
import { dpop, makeProof, makeProofKey, proofClaims, proofHeader, signProof } from '../helpers/dpop.ts'
import { encode } from '../helpers/raw-token.ts'
import { startService } from '../helpers/service.ts'

const { issuer, app } = await startService(t)
const url = `${app.url}/api/private`
const key = await makeProofKey()
const token = await issuer.sign({ cnf: { jkt: key.jkt } })
const target = { url, token }

const ALGS = `algs="ES256 EdDSA RS256", ${METADATA}`
const BEARER = `Bearer realm="api", ${METADATA}`
const INVALID_PROOF = `DPoP realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is missing or not acceptable", ${ALGS}`

/** Sends headers as they are, also several of one name. Returns the status and the challenges. */
function send(headers: [string, string][], { path = '/api/private', method = 'GET' } = {}) {
  return new Promise<{ status: number | undefined; challenges: string[]; nonce: string | undefined }>(
    (resolve, reject) => {
      const outgoing = request(app.url, { method, path }, (response) => {
        response.resume()
        const { statusCode: status, headersDistinct } = response
        resolve({
          status,
          challenges: headersDistinct['www-authenticate'] ?? [],
          nonce: headersDistinct['dpop-nonce']?.[0],
        })
      })
      outgoing.on('error', reject)
      for (const [name, value] of headers) {
        const before = outgoing.getHeader(name)
        outgoing.setHeader(name, before === undefined ? value : [before as string, value].flat())
      }
      outgoing.end()
    },
  )
}

const call = (proof: string, options = {}) => send(dpop(token, proof), options)

async function isAccepted(t: Test, proof: string, name = 'accepted', options = {}) {
  t.match(await call(proof, options), { status: 200, challenges: [] }, name)
}

async function isRejected(t: Test, proof: string, name = 'rejected', options = {}) {
  const { status, challenges } = await call(proof, options)
  t.strictSame([status, challenges], [401, [BEARER, INVALID_PROOF]], name)
}

t.test('RFC 9449, 4.3: 1. there is one header DPoP', async (t) => {
  await isAccepted(t, makeProof(key, target))
  for (const proofs of [[], [makeProof(key, target), makeProof(key, target)], ['', makeProof(key, target)]]) {
    const { status, challenges } = await send(dpop(token, ...proofs))
    t.strictSame([status, challenges], [401, [BEARER, INVALID_PROOF]])
  }
})

t.test('RFC 9449, 4.3: 2. the header is one well-formed JWT', async (t) => {
  const proof = makeProof(key, target)
  const [header, payload, signature] = proof.split('.')
  const others = [`${proof},${proof}`, 'x', 'a.b.c', `${header}.${payload}`, `${proof}.x`, `${proof}=`]
  for (const other of others) await isRejected(t, other)
  await isRejected(t, JSON.stringify({ protected: header, payload, signature }))
  for (const part of ['[]', 'x', '7', ''])
    await isRejected(t, signProof(key, proofHeader(key), part), `payload ${part}`)
  const padded = (length: number) => makeProof(key, target, { padding: 'x'.repeat(length) })
  await isAccepted(t, padded(2000), 'unknown claims are ignored')
  await isRejected(t, padded(4000), 'longer than 4 KiB')
  await isAccepted(t, proof)
})

t.test('RFC 9449, 4.3: 3. all required claims are there', async (t) => {
  for (const name of ['jti', 'htm', 'htu', 'iat', 'ath']) {
    await isRejected(t, makeProof(key, target, { [name]: undefined }), `without ${name}`)
    await isRejected(t, makeProof(key, target, { [name]: null }), `${name} is null`)
    await isRejected(t, makeProof(key, target, { [name]: ['x'] }), `${name} is a list`)
    await isAccepted(t, makeProof(key, target), `with ${name}`)
  }
  await isRejected(t, makeProof(key, target, { jti: '' }))
  await isRejected(t, makeProof(key, target, { jti: 'x'.repeat(257) }))
  await isAccepted(t, makeProof(key, target, { jti: 'x'.repeat(256) }))
})

t.test('RFC 9449, 4.3: 4. typ is dpop+jwt', async (t) => {
  for (const typ of ['dpop+jwt', 'DPoP+JWT', 'application/dpop+jwt'])
    await isAccepted(t, makeProof(key, target, {}, { typ }), typ)
  for (const typ of [undefined, 'JWT', 'at+jwt', 'dpop', 7])
    await isRejected(t, makeProof(key, target, {}, { typ }), String(typ))
})

t.test('RFC 9449, 4.3: 5. alg is an asymmetric algorithm of the configuration', async (t) => {
  for (const algorithm of ['ES256', 'EdDSA', 'Ed25519', 'RS256']) {
    const own = await makeProofKey(algorithm)
    const bound = { url, token: await issuer.sign({ cnf: { jkt: own.jkt } }) }
    const { status } = await send(dpop(bound.token, makeProof(own, bound)))
    t.equal(status, 200, algorithm)
    const wrong = await send(dpop(bound.token, makeProof(own, bound, {}, { alg: 'PS256' })))
    t.equal(wrong.status, 401)
  }
  for (const alg of ['none', 'HS256', 'ES384', 'es256', '', undefined, ['ES256']])
    await isRejected(t, makeProof(key, target, {}, { alg }), JSON.stringify(alg))
  const unsigned = `${encode(proofHeader(key, { alg: 'none' }))}.${encode(proofClaims(target))}.`
  await isRejected(t, unsigned)
})

t.test('RFC 9449, 4.3: 6. the signature is by the key in jwk', async (t) => {
  const proof = makeProof(key, target)
  const stranger = await makeProofKey()
  await isRejected(t, makeProof({ ...stranger, jwk: key.jwk }, target), 'the signature of another key')
  const other = makeProof(key, target)
  await isRejected(t, [...proof.split('.').slice(0, 2), other.split('.')[2]].join('.'), 'of another proof')
  await isRejected(t, makeProof(key, target, {}, { crit: ['b64'], b64: true }), 'a critical extension')
  await isAccepted(t, proof)
})

t.test('RFC 9449, 4.3: 7. jwk is a public key', async (t) => {
  const jwk = await exportJWK(key.privateKey)
  await isRejected(t, makeProof(key, target, {}, { jwk }), 'a private key')
  for (const member of ['d', 'p', 'k'])
    await isRejected(t, makeProof(key, target, {}, { jwk: { ...key.jwk, [member]: '' } }), member)
  for (const other of [undefined, null, 'x', [], {}, { kty: 'oct', k: 'AAAA' }, { ...key.jwk, x: 'AAAA' }])
    await isRejected(t, makeProof(key, target, {}, { jwk: other }), JSON.stringify(other))
  for (const more of [{ use: 'enc' }, { key_ops: ['sign'] }, { alg: 'ES384' }])
    await isRejected(t, makeProof(key, target, {}, { jwk: { ...key.jwk, ...more } }), JSON.stringify(more))
  const described = { ...key.jwk, use: 'sig', key_ops: ['verify'], alg: 'ES256', kid: 'x', n: 'x' }
  await isAccepted(t, makeProof(key, target, {}, { jwk: described }))
})

t.test('RFC 9449, 4.3: 8. htm is the method of the request, in its case', async (t) => {
  await isAccepted(t, makeProof(key, { ...target, method: 'HEAD' }), 'HEAD', { method: 'HEAD' })
  await isRejected(t, makeProof(key, { ...target, method: 'GET' }), 'GET for HEAD', { method: 'HEAD' })
  for (const method of ['POST', 'get', 'GET ']) await isRejected(t, makeProof(key, { ...target, method }))
  await isAccepted(t, makeProof(key, target))
})

t.test('RFC 9449, 4.3: 9. htu is the URL of the request, without query and fragment', async (t) => {
  const accepted = [
    url,
    `${url}?a=b`,
    `${url}#f`,
    url.replace('http:', 'HTTP:'),
    `${app.url}/api/x/../private`,
  ]
  for (const htu of [...accepted, url.replace('private', '%70rivate')])
    await isAccepted(t, makeProof(key, target, { htu }), htu)
  await isAccepted(t, makeProof(key, target), 'a request with a query', { path: '/api/private?a=b' })
  const others = [
    `${url}/`,
    `${url}x`,
    url.replace('http:', 'https:'),
    '/api/private',
    'private',
    `${app.url}/api`,
  ]
  for (const htu of [
    ...others,
    url.replace('private', 'Private'),
    `${url.replace('//', '//user@')}`,
    ` ${url}`,
  ])
    await isRejected(t, makeProof(key, target, { htu }), htu)
})

t.test('RFC 9449, 4.3: 9. the URL of the request may be in absolute form (RFC 9112, 3.2.2)', async (t) => {
  for (const path of [url, `${url}?a=b`]) await isAccepted(t, makeProof(key, target), path, { path })
  for (const htu of [`${app.url}/api/other`, `${app.url}${url}`])
    await isRejected(t, makeProof(key, target, { htu }), htu, { path: url })
})

t.test('RFC 9449, 4.3: 10. nonce is one that the service has provided', async (t) => {
  const stale = await call(makeProof(key, target, { iat: 1 }))
  await isAccepted(t, makeProof(key, target, { nonce: stale.nonce }))
  for (const nonce of ['', 'invented', `${stale.nonce}x`]) {
    const { status, challenges, nonce: provided } = await call(makeProof(key, target, { nonce }))
    t.equal(status, 401)
    t.match(challenges[1], /^DPoP realm="api", error="use_dpop_nonce"/)
    t.match(provided, /^[\w-]{43}$/)
  }
  await isRejected(t, makeProof(key, target, { nonce: 7 }), 'not text')
})

t.test('RFC 9449, 4.3: 11. the proof was made lately, by its iat or by its nonce', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  for (const age of [0, 60, 85, -25])
    await isAccepted(t, makeProof(key, target, { iat: now - age }), `${age} s`)
  for (const age of [95, 3600, -40, -3600]) {
    const { status, challenges, nonce } = await call(makeProof(key, target, { iat: now - age }))
    t.equal(status, 401, `${age} s`)
    t.strictSame(challenges, [
      BEARER,
      `DPoP realm="api", error="use_dpop_nonce", error_description="The DPoP proof needs the nonce of the header DPoP-Nonce", ${ALGS}`,
    ])
    await isAccepted(t, makeProof(key, target, { iat: now - age, nonce }), `${age} s with the nonce`)
  }
  await isRejected(t, makeProof(key, target, { exp: now - 60 }), 'expired')
  await isRejected(t, makeProof(key, target, { nbf: now + 60 }), 'not yet valid')
  await isAccepted(t, makeProof(key, target, { exp: now + 60, nbf: now - 60 }))
})

t.test(
  'RFC 9449, 4.3: 12. the proof is for the token, and by the key that the token is bound to',
  async (t) => {
    const other = await issuer.sign({ cnf: { jkt: key.jkt }, sub: 'other' })
    await isRejected(t, makeProof(key, { url, token: other }), 'ath of another token')
    await isRejected(t, makeProof(key, target, { ath: hash('sha256', token, 'hex') }))
    await isRejected(t, makeProof(await makeProofKey(), target), 'another key')
    await isAccepted(t, makeProof(key, target))
  },
)

t.test('RFC 9449, 11.1: a proof is accepted once', async (t) => {
  const proof = makeProof(key, target)
  await isAccepted(t, proof)
  await isRejected(t, proof)
  const jti = crypto.randomUUID()
  await isAccepted(t, makeProof(key, target, { jti }))
  await isRejected(t, makeProof(key, target, { jti }), 'another proof with the same jti')
  await isRejected(t, makeProof(key, { ...target, method: 'HEAD' }, { jti }), 'with HEAD', { method: 'HEAD' })
  const other = await makeProofKey()
  const bound = { url, token: await issuer.sign({ cnf: { jkt: other.jkt } }) }
  t.equal((await send(dpop(bound.token, makeProof(other, bound, { jti })))).status, 200, 'of another client')
})

t.test('RFC 9449, 7.1: the token is in the Authorization header, with the scheme DPoP', async (t) => {
  for (const scheme of ['DPoP', 'dpop', 'DPOP'])
    t.equal(
      (
        await send([
          ['authorization', `${scheme}  ${token}`],
          ['dpop', makeProof(key, target)],
        ])
      ).status,
      200,
    )
  for (const authorization of ['DPoP ', `DPoP ${token} x`, 'DPoP a b']) {
    const { status, challenges } = await send([['authorization', authorization]])
    t.equal(status, 401)
    t.strictSame(challenges[0], BEARER)
    t.match(
      challenges[1],
      /^DPoP realm="api"(, error="invalid_token", error_description="Invalid token headers")?, algs=/,
    )
  }
})

t.test(
  'RFC 9449, 7.1: a request without a token gets a challenge of each scheme, with the algorithms',
  async (t) => {
    t.match(await send([]), { status: 401, challenges: [BEARER, `DPoP realm="api", ${ALGS}`] })
  },
)

t.test(
  'RFC 9449, 7.1: a token that is not valid is 401 invalid_token in the challenge of its scheme',
  async (t) => {
    const expired = await issuer.sign({ cnf: { jkt: key.jkt }, exp: 1 })
    const invalid = 'error="invalid_token", error_description="token is expired"'
    t.match(await send(dpop(expired, makeProof(key, { url, token: expired }))), {
      status: 401,
      challenges: [BEARER, `DPoP realm="api", ${invalid}, ${ALGS}`],
    })
    t.match(await send(Object.entries(bearer(await issuer.sign({ exp: 1 })))), {
      status: 401,
      challenges: [`Bearer realm="api", ${invalid}, ${METADATA}`, `DPoP realm="api", ${ALGS}`],
    })
  },
)

t.test(
  'RFC 9449, 7.1: a token that does not grant enough is 403 in the challenge of its scheme',
  async (t) => {
    const scoped = { url: `${app.url}/api/private-scoped`, token }
    const { status, challenges } = await send(dpop(token, makeProof(key, scoped)), {
      path: '/api/private-scoped',
    })
    t.equal(status, 403)
    t.equal(challenges.length, 1)
    t.match(challenges[0], /^DPoP realm="api", error="insufficient_scope".*, scope="read:messages".*algs=/)
  },
)

t.test('RFC 9449, 7.1: a token that is not bound is rejected with the scheme DPoP', async (t) => {
  const unbound = await issuer.sign()
  const { status, challenges } = await send(dpop(unbound, makeProof(key, { url, token: unbound })))
  t.strictSame(
    [status, challenges],
    [
      401,
      [
        BEARER,
        `DPoP realm="api", error="invalid_token", error_description="The token is not bound to a key", ${ALGS}`,
      ],
    ],
  )
  t.equal((await send(Object.entries(bearer(unbound)))).status, 200)
})

t.test('RFC 9449, 7.2: a bound token is rejected as a bearer token', async (t) => {
  const proof: [string, string] = ['dpop', makeProof(key, target)]
  for (const more of [[], [proof]]) {
    const { status, challenges } = await send([...Object.entries(bearer(token)), ...more])
    t.strictSame(
      [status, challenges],
      [
        401,
        [
          BEARER,
          `DPoP realm="api", error="invalid_token", error_description="The token is bound to a key", ${ALGS}`,
        ],
      ],
    )
  }
  t.equal((await send(dpop(token, makeProof(key, target)))).status, 200)
})
