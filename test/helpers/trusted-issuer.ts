import { Issuer, type IssuerDefaults } from '../../src/plugins/auth/issuer.ts'
import type { IssuerOptions } from '../../src/plugins/auth/issuer-options.ts'
import { Resources } from '../../src/plugins/auth/resources.ts'
import { AUDIENCE } from './issuer.ts'

/** Makes an issuer as the auth plugin does. */
export function trustedIssuer(entry: string | IssuerOptions, defaults: Partial<IssuerDefaults> = {}): Issuer {
  return new Issuer(typeof entry === 'string' ? { issuer: entry } : entry, {
    algorithms: ['RS256'],
    audiences: [AUDIENCE],
    resources: new Resources(),
    clockToleranceSeconds: 5,
    confirmations: [],
    maxStaleMs: 86_400_000,
    onFetch: () => {},
    ...defaults,
  })
}
