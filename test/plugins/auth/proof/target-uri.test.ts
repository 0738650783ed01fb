import t from 'tap'
import { isTargetUri } from '../../../../src/plugins/auth/proof/target-uri.ts'

const bases = ['https://api.example.com/svc2', 'https://internal.test:8443']
const isTarget = (htu: unknown, path = '/a/b') => isTargetUri(htu, bases, path)

t.test('the URI of the request is one of the bases with the path of the request', async (t) => {
  for (const htu of ['https://api.example.com/svc2/a/b', 'https://internal.test:8443/a/b'])
    t.ok(isTarget(htu), htu)
  for (const htu of [
    ...['https://api.example.com/a/b', 'https://internal.test/a/b', 'http://api.example.com/svc2/a/b'],
    ...['https://api.example.com/svc2/a/b/', 'https://api.example.com/svc2', 'https://other.test/svc2/a/b'],
  ])
    t.notOk(isTarget(htu), htu)
})

t.test('query and fragment are ignored', async (t) => {
  for (const more of ['?', '?a=b', '#', '#f', '?a#b?c', '?a=/../'])
    t.ok(isTarget(`https://api.example.com/svc2/a/b${more}`), more)
})

t.test('a default port may be written or not', async (t) => {
  t.ok(isTarget('https://api.example.com:443/svc2/a/b'))
  t.ok(isTargetUri('https://api.test/a', ['https://api.test:443'], '/a'))
  t.ok(isTargetUri('http://api.test:80/a', ['http://api.test'], '/a'))
  t.notOk(isTarget('https://api.example.com:8443/svc2/a/b'))
  t.notOk(isTargetUri('https://api.test:80/a', ['https://api.test'], '/a'))
})

t.test('case of scheme and host, dot segments and percent-encoding are normalized', async (t) => {
  for (const htu of [
    ...['HTTPS://API.Example.COM/svc2/a/b', 'https://api.example.com/svc2/x/../a/./b'],
    ...['https://api.example.com/svc2/%61/b', 'https://api.example.com/svc2/x/%2e%2E/a/b'],
  ])
    t.ok(isTarget(htu), htu)
  t.ok(isTarget('https://internal.test:8443/%C3%A9~', '/%c3%a9%7E'), 'in the path of the request')
  for (const htu of [
    ...['https://api.example.com/svc2/A/b', 'https://api.example.com/SVC2/a/b'],
    ...['https://api.example.com/svc2/a%2Fb', 'https://api.example.com/svc2/%2561/b'],
  ])
    t.notOk(isTarget(htu), htu)
  t.notOk(isTarget('https://internal.test:8443/a/b', '/a%2Fb'), 'an encoded slash is another path')
})

t.test(
  'dot segments in the path of the request are not resolved, since the router does not either',
  async (t) => {
    for (const dots of ['.', '..', '%2e', '%2E%2e', '.%2e']) {
      t.notOk(isTarget('https://internal.test:8443/files/', `/files/${dots}`), dots)
      t.notOk(isTarget('https://internal.test:8443/', `/files/${dots}`), dots)
      t.notOk(isTarget('https://internal.test:8443/a', `/files/${dots}/a`), dots)
      t.ok(isTarget(`https://internal.test:8443/files/${dots}`, `/files/${dots}`), dots)
    }
    for (const name of ['...', '.a', 'a..', '..;'])
      t.ok(isTarget(`https://internal.test:8443/x/../%66iles/${name}`, `/files/${name}`), name)
  },
)

t.test('text that is not an absolute URI matches nothing', async (t) => {
  for (const htu of [
    ...[undefined, null, 7, [bases[0]], '', '/a/b', 'api.example.com/svc2/a/b', '//api.example.com/svc2/a/b'],
    ...[
      ' https://api.example.com/svc2/a/b',
      'https:\\\\api.example.com/svc2/a/b',
      'https:/api.example.com/svc2/a/b',
    ],
    ...['https://user@api.example.com/svc2/a/b', 'https://api.example.com/svc2\\a\\b', 'https://[/svc2/a/b'],
    ...[
      'https://api.example.com/svc2/a/\tb',
      'https://api.example.com/svc2/a/b\u0000',
      'ftp://api.example.com/a/b',
    ],
  ])
    t.notOk(isTarget(htu), JSON.stringify(htu))
})
