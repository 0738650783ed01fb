import type { JWK } from 'jose'
import { startTenant } from '../../dev/tenant/index.ts'

/** The local tenant as a process: PORT, and its keys as JSON; a message brings others. Ends with who started it. */
const [, , port = '0', keys = '[]'] = process.argv
const tenant = await startTenant({
  port: Number(port),
  baseUrl: 'http://localhost:1',
  signingKeys: JSON.parse(keys) as JWK[],
})
process.on('message', (keys: JWK[]) => {
  tenant.useKeys(keys)
  process.send?.('done')
})
process.on('disconnect', () => process.exit())
