import t, { type Test } from 'tap'
import { webAppAt } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

async function start(t: Test, environment: Record<string, string>) {
  // A service that listens on the loopback only rejects other hosts
  const { app, issuer } = await startWithIssuer(t, { HOST: '0.0.0.0', ...environment })
  const location = async (host: string, path: string, headers: Record<string, string> = {}) => {
    const response = await app.inject({ url: path, headers: { host, ...headers } })
    const { location, 'set-cookie': cookies } = response.headers
    return { to: String(location).replace(issuer.url, 'ISSUER/'), hasCookie: cookies !== undefined }
  }
  /** Where a login at the host begins: at the issuer, or at another address. */
  const begin = async (host: string, path = '/login', headers = {}) => {
    const { to, hasCookie } = await location(host, path, headers)
    const isAtIssuer = to.startsWith('ISSUER/authorize?')
    t.equal(hasCookie, isAtIssuer, 'a cookie is set only for the host of the callback')
    return isAtIssuer ? 'issuer' : to
  }
  return { app, begin, location }
}

t.test('a login at another address of the loopback begins at BASE_URL', async (t) => {
  const { app, url, web } = await startWithIssuer(t)
  const { port } = new URL(url)
  const browser = new WebBrowser()
  const { status, headers } = await browser.visit(`http://127.0.0.1:${port}/login?returnTo=/public`)
  t.equal(status, 302)
  t.equal(headers.get('cache-control'), 'no-store')
  t.strictSame(headers.getSetCookie(), [])
  t.equal(headers.get('location'), `${url}/login?returnTo=%2Fpublic&redirected=1`)
  const request = await startLogin(browser, url, '/login?returnTo=%2Fpublic&redirected=1')
  t.equal((await browser.visit(web.callback(request))).headers.get('location'), '/public')
  t.equal(app.config.BASE_URL, url)
})

t.test('with the default BASE_URL only names of the loopback are redirected', async (t) => {
  const { BASE_URL, ...environment } = webAppAt('')
  const { begin } = await start(t, { ...environment, BASE_URL: '', PORT: '3000' })
  for (const host of ['localhost:3000', 'LOCALHOST:3000', 'localhost', 'localhost:8080'])
    t.equal(await begin(host), 'issuer', host)
  for (const host of ['127.0.0.1:3000', '[::1]:3000', '127.0.0.2', 'app.localhost:3000'])
    t.equal(await begin(host), 'http://localhost:3000/login?redirected=1', host)
  for (const host of [
    '192.168.1.5:3000',
    'gatehouse.internal',
    'evil.example',
    'no host',
    'localhost.evil.example',
  ])
    t.equal(await begin(host), 'issuer', host)
})

t.test('with a BASE_URL of its own the service redirects every other host', async (t) => {
  const { begin } = await start(t, { BASE_URL: 'https://app.example' })
  for (const host of ['app.example', 'APP.example', 'app.example:443', 'app.example:8443', 'no host'])
    t.equal(await begin(host), 'issuer', host)
  for (const host of [
    'www.app.example',
    'app.example.evil.example',
    'localhost:3000',
    '10.0.0.1',
    'app.example.',
  ])
    t.equal(await begin(host), 'https://app.example/login?redirected=1', host)
  t.equal(await begin('10.0.0.1', '/signup?a=1&a=2'), 'https://app.example/signup?a=1&a=2&redirected=1')
})

t.test('behind a proxy that replaces the host a login is redirected once', async (t) => {
  const { begin } = await start(t, { BASE_URL: 'https://app.example' })
  const [host, path] = ['gatehouse:3000', '/login?returnTo=/public']
  const first = new URL(await begin(host, path))
  t.equal(first.href, 'https://app.example/login?returnTo=%2Fpublic&redirected=1')
  t.equal(await begin(host, first.pathname + first.search), 'issuer')
})

t.test('the forwarded host of a trusted proxy counts', async (t) => {
  const { begin } = await start(t, { BASE_URL: 'https://app.example', TRUST_PROXY: '1' })
  t.equal(await begin('gatehouse:3000', '/login', { 'x-forwarded-host': 'app.example' }), 'issuer')
})

t.test('no host, path or query leads to another site', async (t) => {
  const { location } = await start(t, { BASE_URL: 'https://app.example' })
  for (const host of [
    'evil.example',
    'evil.example@app.example',
    'evil.example/path',
    'evil.example:99999',
    'a b',
  ])
    for (const path of [
      '/login',
      '/login?returnTo=//evil.example',
      '/login?@evil.example',
      '/login?https://evil.example',
      '/login?%0d%0aa=b',
    ]) {
      const { to } = await location(host, path)
      t.match(to, /^(https:\/\/app\.example\/login\?|ISSUER\/authorize\?)/, `${host} ${path}`)
    }
})

t.test('the pages other than login and sign-up are served at every host', async (t) => {
  const { app } = await start(t, { BASE_URL: 'https://app.example' })
  for (const url of ['/', '/public', '/livez'])
    t.equal((await app.inject({ url, headers: { host: '10.0.0.1' } })).statusCode, 200, url)
})
