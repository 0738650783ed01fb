import Fastify from 'fastify'
import { createRemoteJWKSet, jwtVerify } from 'jose'

/** A typical hook of ten lines around `jose`. */
const { ISSUER = '', AUDIENCE = '', ALGORITHM = 'RS256', PORT } = process.env
const keys = createRemoteJWKSet(new URL(`${ISSUER}.well-known/jwks.json`))
const options = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: [ALGORITHM],
  requiredClaims: ['exp', 'sub'],
}
const app = Fastify({ logger: { level: 'warn' } })
app.decorateRequest('token', null)
app.addHook('onRequest', async (request) => {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  Object.assign(request, { token: (await jwtVerify(token, keys, options)).payload })
})
app.get('/api/private', async () => ({ message: 'Hello from a private endpoint!' }))
await app.listen({ port: Number(PORT) })
