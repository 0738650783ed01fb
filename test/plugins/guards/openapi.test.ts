import type { FastifySchema } from 'fastify'
import t from 'tap'
import type { Guard } from '../../../src/plugins/guards/guard.ts'
import { documentGuards, ErrorBody } from '../../../src/plugins/guards/openapi.ts'

const token: Guard = { kind: 'token', required: [] }
const scope: Guard = { kind: 'scope', required: ['read:things', 'write:things'] }
const permission: Guard = { kind: 'permission', required: ['read:admin-things'] }

const statuses = (schema: FastifySchema) => Object.keys(schema.response as object).map(Number)

t.test('a public route documents no security and no error responses', async (t) => {
  t.strictSame(documentGuards({}, []), { security: [], response: {} })
})

t.test('a guarded route documents two ways to get a token', async (t) => {
  t.strictSame(documentGuards({}, [token]).security, [{ token: [] }, { issuer: [] }])
  t.strictSame(documentGuards({}, [scope, permission]).security, [
    { token: [] },
    { issuer: ['read:things', 'write:things', 'read:admin-things'] },
  ])
})

t.test('a guarded route documents the error responses of its guards', async (t) => {
  t.strictSame(statuses(documentGuards({}, [token])), [401, 503])
  t.strictSame(statuses(documentGuards({}, [scope])), [401, 403, 503])
  t.strictSame(statuses(documentGuards({}, [token, permission])), [401, 403, 503])
})

t.test('a route with a body or a query documents 400, and one with parameters 404', async (t) => {
  t.strictSame(statuses(documentGuards({ body: {} }, [])), [400])
  t.strictSame(statuses(documentGuards({ body: {} }, [token])), [400, 401, 503])
  t.strictSame(statuses(documentGuards({ querystring: {} }, [])), [400])
  t.strictSame(statuses(documentGuards({ params: {} }, [])), [404])
})

t.test('every error response has the same schema', async (t) => {
  t.match(ErrorBody, { $id: 'Error', required: ['statusCode', 'code', 'error', 'message'] })
  const { response } = documentGuards({ body: {} }, [scope])
  for (const error of Object.values(response as object)) {
    t.match(error, { $ref: 'Error', description: /^[A-Z]/ })
  }
})

t.test('the documentation of the route itself is kept', async (t) => {
  const schema = { summary: 'Things', response: { 200: { type: 'string' }, 503: { type: 'null' } } }
  const documented = documentGuards(schema, [token])
  t.match(documented, schema)
  t.strictSame(statuses(documented), [200, 401, 503])
  t.strictSame(
    schema.response,
    { 200: { type: 'string' }, 503: { type: 'null' } },
    'the given schema is not changed',
  )
})
