import t from 'tap'
import { securityHeaders } from '../../src/http/security-headers.ts'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { exchange } from '../helpers/raw-http.ts'

const ORIGIN = 'https://app.example'

t.test('an expectation other than 100-continue is 417, in the shape of all errors', async (t) => {
  const { url, logLines } = await listen(t, await TestIssuer.start(t), {
    environment: { CLIENT_ORIGIN_URL: ORIGIN },
  })
  const send = async (expectation: string) => {
    const lines = [
      'GET /api/public HTTP/1.1',
      'Host: localhost',
      `Origin: ${ORIGIN}`,
      `Expect: ${expectation}`,
    ]
    return (await exchange(url, `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)).received
  }
  const [head = '', body = ''] = (await send('foo')).split('\r\n\r\n')
  t.match(head, /^HTTP\/1\.1 417 Expectation Failed\r\n/)
  for (const name of [...Object.keys(securityHeaders), 'x-request-id', 'access-control-allow-origin'])
    t.match(head, `\r\n${name}: `)
  t.strictSame(JSON.parse(body), {
    statusCode: 417,
    code: 'expectation_failed',
    error: 'Expectation Failed',
    message: 'The expectation cannot be met',
  })
  t.match(
    logLines.find(({ msg }) => msg === 'request rejected'),
    { code: 'expectation_failed' },
  )
  t.match(await send('100-continue'), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})
