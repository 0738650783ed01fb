import { trustTenant } from './trust-tenant.ts'

/** `npm run check`: checks the configuration like `src/server.ts --check`. The issuer may be the local tenant with TLS. */
trustTenant()
process.argv.push('--check')
await import('../src/server.ts')
