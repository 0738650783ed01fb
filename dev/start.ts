import { startTenant } from './tenant/index.ts'

/** `npm start`: runs the local tenant and the service that trusts it in one process. */
loadDotEnv()
const port = process.env.PORT || '3000'
const baseUrl = process.env.BASE_URL || `http://localhost:${port}`
const tenant = await start()

Object.assign(process.env, {
  AUTH0_DOMAIN: tenant.issuer,
  AUTH0_AUDIENCE: 'https://quickstarts/api',
  AUTH0_CLIENT_ID: 'gatehouse-web',
  AUTH0_CLIENT_SECRET: 'gatehouse-web-secret',
  SESSION_SECRET: 'throwaway-secret-of-the-local-tenant-only',
  CLIENT_ORIGIN_URL: 'http://localhost:4040',
})
await import('../src/server.ts')

process.stdout.write(`
  Gatehouse      ${baseUrl}
  documentation  ${baseUrl}/docs
  local tenant   ${tenant.issuer}   (accounts and passwords: see README.md)

  To try it, run this in another terminal in this folder:
  curl -H "Authorization: Bearer $(npm run --silent token)" ${baseUrl}/api/private

`)

async function start() {
  try {
    return await startTenant({ port: Number(process.env.TENANT_PORT || 4400), baseUrl })
  } catch (error) {
    process.stderr.write(`The local tenant could not start: ${(error as Error).message}\n`)
    process.exit(1)
  }
}

function loadDotEnv() {
  try {
    process.loadEnvFile()
  } catch {
    // src/server.ts reads the file again and reports its errors
  }
}
