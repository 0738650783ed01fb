import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { IssuerMetadata } from '../../../src/plugins/auth/issuer-metadata.ts'
import { boundedFetch } from '../../../src/web/login/bounded-fetch.ts'

const allows = (issuer: string) => {
  const metadata = new IssuerMetadata({ issuer })
  return (url: string) => metadata.allows(url)
}

t.test('an https issuer cannot direct requests with secrets to the loopback', async (t) => {
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const options = { method: 'POST', body: 'client_secret=secret', headers: {}, redirect: 'manual' } as const
  for (const host of ['127.0.0.1', 'localhost'])
    await t.rejects(boundedFetch(allows('https://one.test/'))(`http://${host}:${port}/token`, options), {
      message: /is not https/,
    })
  t.equal(requests, 0)
  const issuer = `http://127.0.0.1:${port}/`
  t.equal((await boundedFetch(allows(issuer))(`${issuer}token`, options)).status, 200)
  t.equal(requests, 1)
})
