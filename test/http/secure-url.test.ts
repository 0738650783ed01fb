import t from 'tap'
import { hostnameOf, secureUrl, secureUrlOf } from '../../src/http/secure-url.ts'

t.test('https is accepted for any host, plain http for loopback hosts', async (t) => {
  for (const text of [
    'https://login.example/path?query',
    'http://localhost:4400/',
    'http://tenant.localhost/',
    'http://127.0.0.1/',
    'http://127.1.2.3:80/',
    'http://[::1]:80/',
  ]) {
    t.equal(secureUrl(text)?.href, new URL(text).href, text)
  }
})

t.test('any other URL is rejected', async (t) => {
  for (const text of [
    'http://login.example/',
    'http://localhost.example/',
    'http://notlocalhost/',
    'http://127.0.0.1.example/',
    'http://10.0.0.1/',
    'http://[::2]/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'login.example',
    '',
  ]) {
    t.equal(secureUrl(text), undefined, text)
  }
})

t.test('only an issuer on the loopback names URLs without https', async (t) => {
  const http = ['http://127.0.0.1:4400/jwks', 'http://localhost/jwks', 'http://[::1]/jwks']
  for (const text of http) {
    for (const issuer of ['http://127.0.0.1:4400/', 'http://tenant.localhost/', 'http://[::1]/'])
      t.equal(secureUrlOf(issuer, text)?.href, new URL(text).href, `${issuer} ${text}`)
    for (const issuer of ['https://login.example/', 'https://localhost/', 'https://127.0.0.1/', 'x', ''])
      t.equal(secureUrlOf(issuer, text), undefined, `${issuer} ${text}`)
  }
  for (const issuer of ['https://login.example/', 'http://localhost/'])
    t.equal(secureUrlOf(issuer, 'https://keys.example/')?.href, 'https://keys.example/')
  t.equal(secureUrlOf('http://localhost/', 'http://login.example/'), undefined)
})

t.test('the host name of a Host header is lower case and without port', async (t) => {
  const hosts = ['Localhost:3000', '[::1]:80', 'a.test', 'a b', '', undefined]
  t.strictSame(hosts.map(hostnameOf), ['localhost', '[::1]', 'a.test', '', '', ''])
})
