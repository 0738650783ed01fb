import t from 'tap'
import { storeUnavailable } from '../../../src/plugins/store/errors.ts'

t.test('an unavailable store has Retry-After for the caller and a cause for the log', async (t) => {
  const cause = new Error('connect ECONNREFUSED 10.0.0.1:5432')
  const error = storeUnavailable('no connection', cause)
  t.match(error, { code: 'store_unavailable', statusCode: 503, detail: 'no connection', cause })
  t.strictSame(error.headers, { 'retry-after': '5' })
  t.notMatch(error.message, /10\.0\.0\.1/)
})
