import { loadDotEnv } from '../src/config/command.ts'
import { followParent } from './follow-parent.ts'
import { readScopes } from './route-table.ts'
import { startLocalTenant } from './start-tenant.ts'
import { addPermissions } from './tenant/api.ts'
import type { Settings } from './tenant/settings.ts'
import { trustTenant } from './trust-tenant.ts'
import { watchService } from './watch.ts'

/** `npm start`: runs the local tenant and the service that trusts it in one process; `npm run dev` adds `--watch`. */
followParent()
const fromDotEnv = loadDotEnv()
const port = process.env.PORT || '3000'
const baseUrl = process.env.BASE_URL || `http://localhost:${port}`
const tenant = await startLocalTenant(baseUrl)
trustTenant()
const docs = tenant.settings.applications.find(
  ({ type, callbacks }) => type === 'spa' && callbacks.includes(`${baseUrl}/docs`),
)

Object.assign(process.env, {
  AUTH0_DOMAIN: tenant.issuer,
  AUTH0_AUDIENCE: process.env.AUTH0_AUDIENCE || rootAudiences(tenant.settings).join(','),
  DOCS_CLIENT_ID: docs?.id ?? '',
  CLIENT_ORIGIN_URL: process.env.CLIENT_ORIGIN_URL || 'http://localhost:4040',
})
// part: web-app
const web = tenant.settings.applications.find(({ type, secret }) => type === 'web' && secret)
delete process.env.AUTH0_CLIENT_SECRET_FILE
delete process.env.AUTH0_CLIENT_KEY
delete process.env.AUTH0_CLIENT_KEY_FILE
delete process.env.SESSION_SECRET_FILE
Object.assign(process.env, {
  AUTH0_CLIENT_ID: web?.id ?? '',
  AUTH0_CLIENT_SECRET: web?.secret ?? '',
  SESSION_SECRET: web ? 'throwaway-secret-of-the-local-tenant-only' : '',
})
// end
if (process.argv.includes('--watch')) watchService()
else {
  await import('../src/server.ts')
  addPermissions(await readScopes()) // afterwards, since it builds the service once more
}

process.stdout.write(`
  service        ${baseUrl}
  documentation  ${baseUrl}/docs
${tenant.description}
  audience       ${process.env.AUTH0_AUDIENCE}
  CORS origins   ${process.env.CLIENT_ORIGIN_URL}

  To try it, run this in another terminal in this folder:
  curl -H "Authorization: Bearer $(${variablesOfTenant()}npm run --silent token)" ${baseUrl}/api/private

`)

/** The APIs of the tenant, without those of protected resources of their own, whose tokens the root must not accept. */
function rootAudiences({ apis }: Settings): string[] {
  const publicUrl = (process.env.PUBLIC_URL || baseUrl).replace(/\/$/, '')
  return apis.map(({ identifier }) => identifier).filter((name) => !name.startsWith(`${publicUrl}/`))
}

/** Variables of the tenant that are set in this terminal only, as a command in another one has to set them. */
function variablesOfTenant(): string {
  const names = Object.keys(process.env).filter((name) => name.startsWith('TENANT_') && !fromDotEnv.has(name))
  return names.map((name) => `${name}='${process.env[name]}' `).join('')
}
