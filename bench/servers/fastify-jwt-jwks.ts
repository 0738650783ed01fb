import Fastify from 'fastify'
import fastifyJwtJwks from 'fastify-jwt-jwks'

/** `fastify-jwt-jwks`, wired as its README shows. */
const { ISSUER = '', AUDIENCE = '', PORT } = process.env
const app = Fastify({ logger: { level: 'warn' } })
await app.register(fastifyJwtJwks, {
  jwksUrl: `${ISSUER}.well-known/jwks.json`,
  audience: AUDIENCE,
  issuer: ISSUER,
})
app.get('/api/private', { preValidation: app.authenticate }, async () => ({
  message: 'Hello from a private endpoint!',
}))
await app.listen({ port: Number(PORT) })
