import type { JWK } from 'jose'
import { startTenant } from '../../dev/tenant/index.ts'

/** The local tenant as a process: PORT, the web app's URL, and its keys as JSON; a message brings others. Ends with who started it. */
const [, , port = '0', baseUrl = '', keys = '[]'] = process.argv
const tenant = await startTenant({
  port: Number(port),
  baseUrl,
  signingKeys: JSON.parse(keys) as JWK[],
})
process.on('message', (keys: JWK[]) => {
  tenant.useKeys(keys)
  process.send?.('done')
})
process.on('disconnect', () => process.exit())
