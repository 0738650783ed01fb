import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import Fastify from 'fastify'

/** The smallest possible hook: a Map by token, else one signature with a ready key and the time. Not safe to use. */
const { ISSUER = '', ALGORITHM = 'RS256', PORT } = process.env
const MAX = 10_000
const { keys } = (await (await fetch(`${ISSUER}.well-known/jwks.json`)).json()) as { keys: JsonWebKey[] }
const jwk = keys.find(({ alg }) => alg === ALGORITHM) as JsonWebKey
const key = createPublicKey({ key: jwk, format: 'jwk' })
const input = ALGORITHM === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key
const digest = ALGORITHM === 'EdDSA' ? null : 'sha256'
const known = new Map<string, { exp: number }>()

const app = Fastify({ logger: { level: 'warn' } })
app.decorateRequest('token', null)
app.addHook('onRequest', (request, _reply, done) => {
  const text = request.headers.authorization?.slice(7) ?? ''
  const token = known.get(text) ?? check(text)
  if (token.exp < Date.now() / 1000) return done(new Error('expired'))
  Object.assign(request, { token })
  done()
})
app.get('/api/private', async () => ({ message: 'Hello from a private endpoint!' }))
await app.listen({ port: Number(PORT) })

function check(text: string): { exp: number } {
  const [header, payload, signature] = text.split('.') as [string, string, string]
  const isSigned = verify(
    digest,
    Buffer.from(`${header}.${payload}`),
    input,
    Buffer.from(signature, 'base64url'),
  )
  if (!isSigned) throw Object.assign(new Error('not signed'), { statusCode: 401 })
  const token = JSON.parse(Buffer.from(payload, 'base64url').toString())
  if (known.size >= MAX) known.clear()
  known.set(text, token)
  return token
}
