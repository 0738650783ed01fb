import { readScopes } from './route-table.ts'
import { trustTenant } from './trust-tenant.ts'

/** The service under `npm run dev`. Reports the scopes of its routes to the process with the local tenant, and ends with it. */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
trustTenant()
await import('../src/server.ts')
process.send?.({ scopes: await readScopes() })
