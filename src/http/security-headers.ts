/**
 * Security headers of every response. Values follow the OWASP Secure Headers Project. Pages set their own content
 * security policy.
 */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
})

/** Security headers over https. HSTS must not be sent over plain http (RFC 6797, section 7.2). */
export const httpsSecurityHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...securityHeaders,
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
})
