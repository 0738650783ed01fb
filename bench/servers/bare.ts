import Fastify from 'fastify'

/** What Fastify does with no authentication at all: the same answer, by the same kind of schema. */
const message = "Hello from a public endpoint! You don't need to be authenticated to see this."
const schema = { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } }
const app = Fastify({ logger: { level: 'warn' } })
app.get('/api/public', { schema }, async () => ({ message }))
await app.listen({ port: Number(process.env.PORT) })
