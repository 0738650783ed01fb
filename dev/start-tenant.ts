import { fail } from '../src/config/command.ts'
import { explainListenError, isListenError } from '../src/errors/listen-error.ts'
import {
  caFile,
  certificateHeader,
  dataFolder,
  localSettings,
  proxyUrl,
  stateFile,
  tenantPort,
  usesTls,
} from './local-settings.ts'
import type { Tenant } from './tenant/index.ts'
import { startTenant } from './tenant/index.ts'
import type { Settings } from './tenant/settings.ts'

/** A tenant with the settings that hold. */
export interface LocalTenant extends Tenant {
  settings: Settings
  /** Lines about it for the start message. */
  description: string
}

/** Starts the local tenant as the environment says. Ends the process with a message when it cannot start. */
export async function startLocalTenant(baseUrl: string): Promise<LocalTenant> {
  const port = tenantPort()
  try {
    const settings = localSettings(baseUrl)
    const issuer = proxyUrl()
    const tenant = await startTenant({
      port,
      ...(usesTls() && { tlsFolder: dataFolder() }),
      ...(issuer && { issuer }),
      baseUrl,
      certificateHeader: certificateHeader(),
      settings,
      stateFile: stateFile(),
    })
    return { ...tenant, settings, description: describe(tenant) }
  } catch (error) {
    if (!isListenError(error)) fail(`The local tenant could not start: ${(error as Error).message}`)
    const address = { host: '127.0.0.1', port }
    fail(`The local tenant could not start: ${explainListenError(error, address, { port: 'TENANT_PORT' })}`)
  }
}

function describe({ issuer }: Tenant): string {
  const lines = [`  local tenant   ${issuer}   (accounts and passwords: see README.md)`]
  if (usesTls()) lines.push(`  to trust it    NODE_EXTRA_CA_CERTS=${caFile()}`)
  return lines.join('\n')
}
