import type { JWK } from 'jose'
import { startTenant } from '../../dev/tenant/index.ts'

/** The local tenant as a process. Arguments: port, URL of the web app, keys as JSON. A message replaces the keys. Ends with its parent. */
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
