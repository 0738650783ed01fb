import t, { type Test } from 'tap'
import { type BuildOptions, buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { exchange } from '../helpers/raw-http.ts'

async function start(t: Test, environment: BuildOptions['environment'] = {}) {
  const app = await buildApp(t, await TestIssuer.start(t), { environment })
  const status = async (host: string, url = '/api/public') =>
    (await app.inject({ url, headers: { host } })).statusCode
  return { app, status }
}

const foreign = [
  'evil.example',
  'evil.example:3000',
  'localhost.evil.example',
  '192.0.2.1',
  'a@evil.example',
  '[',
  '127.0.0.1.evil.example',
]

t.test(
  'on the loopback, requests for other hosts are 421, so that no web page can read the service',
  async (t) => {
    const { status } = await start(t)
    for (const host of foreign) t.equal(await status(host), 421, host)
    for (const url of ['/', '/docs', '/openapi.json', '/unknown', '/livez'])
      t.equal(await status('evil.example', url), 421, url)
    for (const host of ['localhost', 'LOCALHOST:3000', 'app.localhost', '127.0.0.1:3000', '[::1]:3000'])
      t.equal(await status(host), 200, host)
    t.strictSame(
      [await status('localhost'), await status('evil.example'), await status('localhost')],
      [200, 421, 200],
    )
  },
)

t.test('the host of BASE_URL is accepted', async (t) => {
  const { status } = await start(t, { HOST: '127.0.0.1', BASE_URL: 'https://app.test:8443' })
  t.strictSame(
    [await status('app.test:8443'), await status('app.test'), await status('other.test')],
    [200, 200, 421],
  )
})

t.test('a request without a host is not from a browser, and accepted', async (t) => {
  const { app } = await start(t)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.match((await exchange(url, 'GET /api/public HTTP/1.0\r\n\r\n')).received, /^HTTP\/1\.1 200 /)
  t.match(
    (await exchange(url, 'GET /api/public HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'))
      .received,
    /^HTTP\/1\.1 421 /,
  )
})

t.test('a service behind a proxy or on the network accepts every host', async (t) => {
  for (const environment of [
    { TRUST_PROXY: 'loopback' },
    { HOST: '0.0.0.0' },
    { HOST: '::' },
    { HOST: 'db.test' },
  ]) {
    const { status } = await start(t, environment)
    t.equal(await status('evil.example'), 200)
  }
  t.equal(await (await start(t, { HOST: '::1' })).status('evil.example'), 421)
})
