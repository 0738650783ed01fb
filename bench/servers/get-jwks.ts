import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import buildGetJwks from 'get-jwks'

/** `@fastify/jwt` with `get-jwks`, wired as the README of get-jwks shows, with required claims. */
const { ISSUER = '', AUDIENCE = '', PORT } = process.env
const getJwks = buildGetJwks({ issuersWhitelist: [ISSUER] })
const app = Fastify({ logger: { level: 'warn' } })
app.register(jwt, {
  decode: { complete: true },
  verify: { allowedIss: ISSUER, allowedAud: AUDIENCE, requiredClaims: ['exp', 'iss', 'aud', 'sub'] },
  secret: (_request, token, callback) => {
    const { header, payload } = token as { header: { kid: string; alg: string }; payload: { iss: string } }
    getJwks.getPublicKey({ kid: header.kid, alg: header.alg, domain: payload.iss }).then(
      (key) => callback(null, key),
      (error) => callback(error, undefined),
    )
  },
})
app.addHook('onRequest', async (request) => {
  await request.jwtVerify()
})
app.get('/api/private', async () => ({ message: 'Hello from a private endpoint!' }))
await app.listen({ port: Number(PORT) })
