import t from 'tap'
import { pageContentSecurityPolicy, pictureUrl } from '../../../src/web/views/content-security-policy.ts'

const remote = 'https://tenant.eu.auth0.com/'
const local = 'http://localhost:4400/'

t.test(
  'pages load files of the service and pictures over https, and forms may redirect to the issuer',
  async (t) => {
    t.strictSame(pageContentSecurityPolicy([remote]).split('; '), [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "font-src 'self'",
      "img-src 'self' https:",
      "form-action 'self' https://tenant.eu.auth0.com",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
  },
)

t.test('pictures of a local issuer are allowed, and each origin is listed once', async (t) => {
  const policy = pageContentSecurityPolicy([local, `${remote}one/`, `${remote}two/`]).split('; ')
  t.ok(policy.includes("img-src 'self' https: http://localhost:4400"))
  t.ok(policy.includes("form-action 'self' http://localhost:4400 https://tenant.eu.auth0.com"))
})

t.test('a picture URL is accepted over https or from a local issuer', async (t) => {
  t.equal(pictureUrl('https://pictures.test/a.png?size=80', [remote]), 'https://pictures.test/a.png?size=80')
  t.equal(
    pictureUrl('http://localhost:4400/picture/a.svg', [remote, local]),
    'http://localhost:4400/picture/a.svg',
  )
  for (const picture of [
    undefined,
    '',
    'ada.png',
    '//pictures.test/a.png',
    'http://pictures.test/a.png',
    'http://localhost:4401/picture/a.svg',
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:image/svg+xml,<svg/>',
    'blob:https://pictures.test/a',
    'null',
  ]) {
    t.equal(pictureUrl(picture, [remote, local]), undefined, String(picture))
  }
})

t.test('no character of a picture URL ends its attribute', async (t) => {
  t.equal(
    pictureUrl('https://pictures.test/"onerror="alert(1)', [remote]),
    'https://pictures.test/%22onerror=%22alert(1)',
  )
})
