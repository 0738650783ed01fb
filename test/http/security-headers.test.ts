import t from 'tap'
import { securityHeaders } from '../../src/http/security-headers.ts'

t.test('the security headers are these and no others, and cannot be changed', async (t) => {
  t.strictSame(securityHeaders, {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  t.ok(Object.isFrozen(securityHeaders))
})
