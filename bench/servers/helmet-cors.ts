import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'

/** Fastify with the two plugins for browsers, as their documentation registers them, and no authentication. */
const message = "Hello from a public endpoint! You don't need to be authenticated to see this."
const schema = { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } }
const app = Fastify({ logger: { level: 'warn' } })
await app.register(helmet)
await app.register(cors, { origin: ['https://app.example.com'] })
app.get('/api/public', { schema }, async () => ({ message }))
await app.listen({ port: Number(process.env.PORT) })
