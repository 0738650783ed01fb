import t from 'tap'
import { localPath, loginPath } from '../../../src/web/login/return-to.ts'

const base = 'https://app.example'

t.test('a path of the web app is returned unchanged', async (t) => {
  for (const path of [
    '/',
    '/public',
    '/a/b?c=d&e=%2F',
    '/a#b',
    '/%2F/evil.example',
    '/a//b',
    '/@evil.example',
  ])
    t.equal(localPath(path, base), path, path)
  t.equal(localPath(`/${'x'.repeat(511)}`, base)?.length, 512)
})

t.test('anything that could lead to another site is rejected', async (t) => {
  for (const dangerous of [
    undefined,
    null,
    7,
    {},
    ['/a'],
    '',
    'a',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/a\\b',
    '/.//evil.example',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    'https:evil.example',
    'https://evil.example',
    'https://app.example/a',
    'https://app.example@evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    '?a',
    '#a',
    '@evil.example',
    '.evil.example',
    ' /a',
    '/ a',
    '/a b',
    '\t//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\nset-cookie: a=b',
    '/\0',
    '/\x7f',
    '/ä',
    '/\u2028',
    '%2F%2Fevil.example',
    '/%5Cevil.example/..//evil.example',
    `/${'x'.repeat(512)}`,
  ]) {
    t.equal(localPath(dangerous, base), undefined, encodeURI(String(dangerous)))
  }
})

t.test('the login path carries the page as one value', async (t) => {
  t.equal(loginPath('/a?b=c&d#e'), '/login?returnTo=%2Fa%3Fb%3Dc%26d%23e')
})
