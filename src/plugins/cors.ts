import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import { exposedHeaders } from '../http/cors-headers.ts'

/** Allows browsers on the configured origins to call the API and read its challenges. Cookies are not allowed. */
export default fp(
  async (app) => {
    const { CLIENT_ORIGIN_URL, CORS_ALLOWED_HEADERS } = app.config
    if (CLIENT_ORIGIN_URL.length === 0) return
    const options = {
      origin: [...CLIENT_ORIGIN_URL],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [...allowedHeaders, ...CORS_ALLOWED_HEADERS],
      exposedHeaders,
      maxAge: 86_400,
      strictPreflight: false, // its 400 does not have the format of our errors
    }
    await app.registerPublic(cors, options, ['OPTIONS *'])
  },
  // after the plugins whose hooks must run before a preflight is answered
  { name: 'cors', dependencies: ['env', 'guards', 'security-headers', 'request-smuggling'] },
)

/** Request headers of the API, of distributed tracing, of common client libraries and of the Model Context Protocol. */
const allowedHeaders = [
  'Authorization',
  'DPoP',
  'Content-Type',
  'traceparent',
  'tracestate',
  'X-Request-Id',
  'Idempotency-Key',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
  'Mcp-Method',
  'Mcp-Name',
]
