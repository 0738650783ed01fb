import t from 'tap'
import { exchange } from '../helpers/raw-http.ts'
import { tenantFor } from './helpers/tenant.ts'

t.test(
  'the local tenant responds to names of the loopback only, so that no web page can use its passwords',
  async (t) => {
    const { issuer } = await tenantFor(t, 'http://localhost:3000')
    const status = async (host: string) => {
      const { statuses } = await exchange(
        issuer,
        `GET /.well-known/jwks.json HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      return statuses[0]
    }
    for (const host of ['localhost', `localhost:${new URL(issuer).port}`, '127.0.0.1', '[::1]:4400'])
      t.equal(await status(host), 200, host)
    for (const host of ['evil.example', 'localhost.evil.example', '192.0.2.1', 'a@evil.example', ']'])
      t.equal(await status(host), 421, host)
  },
)
