import t from 'tap'
import { explainListenError, isListenError } from '../../src/errors/listen-error.ts'

const address = { host: '192.0.2.1', port: 80 }
const variables = { port: 'PORT', host: 'HOST' }
const failure = (code: string) => Object.assign(new Error(), { code, syscall: 'listen' })

t.test('the explanation names the variable that helps', async (t) => {
  t.equal(explainListenError(failure('EADDRINUSE'), address, variables), 'port 80 is in use: set PORT')
  t.equal(explainListenError(failure('EACCES'), address, variables), 'port 80 requires privileges: set PORT')
  const unknown = '192.0.2.1 cannot be listened on (EADDRNOTAVAIL)'
  t.equal(explainListenError(failure('EADDRNOTAVAIL'), address, variables), `${unknown}: set HOST`)
  t.equal(explainListenError(failure('EADDRNOTAVAIL'), address, { port: 'PORT' }), unknown)
})

t.test('errors of listening are recognized', async (t) => {
  t.ok(isListenError(failure('EADDRINUSE')))
  t.ok(isListenError(Object.assign(new Error(), { syscall: 'getaddrinfo' })))
  t.notOk(isListenError(new Error()))
  t.notOk(isListenError(Object.assign(new Error(), { syscall: 'open' })))
})
