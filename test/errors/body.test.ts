import t from 'tap'
import { errorBody } from '../../src/errors/body.ts'
import { ServiceError } from '../../src/errors/catalogue.ts'

t.test('an error answer has four fields, whatever the error knows beside them', async (t) => {
  const error = new ServiceError('issuer_unavailable', {
    detail: 'the key set cannot be fetched',
    retryAfterSeconds: 5,
    cause: new Error('ECONNREFUSED 10.0.0.1'),
  })
  t.strictSame(errorBody(error), {
    statusCode: 503,
    code: 'issuer_unavailable',
    error: 'Service Unavailable',
    message: 'The identity provider cannot be reached',
  })
})

t.test('a request that fails its schema is told every field', async (t) => {
  const validation = [{ field: 'title', message: 'must be string' }]
  t.strictSame(errorBody(new ServiceError('validation_failed', { validation })), {
    statusCode: 400,
    code: 'validation_failed',
    error: 'Bad Request',
    message: 'The request is not valid',
    validation,
  })
})
