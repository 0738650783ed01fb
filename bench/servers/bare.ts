import Fastify from 'fastify'

/** Fastify without authentication: the same response with an equivalent schema. */
const message = "Hello from a public endpoint! You don't need to be authenticated to see this."
const schema = { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } }
const app = Fastify({ logger: { level: 'warn' } })
app.get('/api/public', { schema }, async () => ({ message }))
await app.listen({ port: Number(process.env.PORT) })
