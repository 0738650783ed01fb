import t from 'tap'
import { secureUrl } from '../../src/http/secure-url.ts'

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
