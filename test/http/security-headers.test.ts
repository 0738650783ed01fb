import t from 'tap'
import { httpsSecurityHeaders, securityHeaders } from '../../src/http/security-headers.ts'

const expected = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

t.test('the security headers are exactly these and cannot be changed', async (t) => {
  t.strictSame(securityHeaders, expected)
  t.ok(Object.isFrozen(securityHeaders))
})

t.test('over https, the security headers also contain HSTS', async (t) => {
  const hsts = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
  t.strictSame(httpsSecurityHeaders, { ...expected, ...hsts })
  t.ok(Object.isFrozen(httpsSecurityHeaders))
})
