import helmet from 'helmet'

/**
 * What every answer carries, made by helmet once at start: asking it anew for each request halves the throughput
 * (docs/decisions/0003). Pages bring a content security policy of their own.
 */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...collect(
    helmet({
      contentSecurityPolicy: false, // below, where it can be read
      frameguard: { action: 'deny' },
      // for browsers that are gone or switched these off themselves
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
      originAgentCluster: false,
    }),
  ),
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
})

function collect(middleware: ReturnType<typeof helmet>): Record<string, string> {
  const headers: Record<string, string> = {}
  const recorder = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value
    },
    removeHeader: () => {},
  }
  type Arguments = Parameters<typeof middleware>
  middleware({} as Arguments[0], recorder as unknown as Arguments[1], () => {})
  return headers
}
