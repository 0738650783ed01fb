import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import { throwawayClients } from './clients.ts'
import { createProvider } from './provider.ts'
import { generateSigningKey } from './signing-key.ts'

export interface TenantOptions {
  /** Port to listen on; 0 for any free one. */
  port: number
  /** Address to listen at. Default: the loopback, reachable as `localhost` and as `127.0.0.1`. */
  host?: string
  /** Public address of the service, such as `http://localhost:3000`. */
  baseUrl: string
  /** Private keys as for {@link Tenant.useKeys}. Default: a new key. */
  signingKeys?: JWK[]
}

export interface Tenant {
  /** `http://localhost:<port>/`, with the slash. */
  issuer: string
  /** Publishes these keys and signs with the first. Resets everything else as a restart does. */
  useKeys(signingKeys: JWK[]): void
  close(): Promise<void>
}

/**
 * Starts the local tenant: an OpenID provider that replaces Auth0 during development.
 *
 * @throws {Error} in production, since its passwords are published
 */
export async function startTenant(options: TenantOptions): Promise<Tenant> {
  const { port, host = '127.0.0.1', baseUrl } = options
  if (process.env.NODE_ENV === 'production') {
    throw new Error('The local tenant has published passwords and does not run with NODE_ENV=production.')
  }
  const clients = throwawayClients(baseUrl)
  const signingKeys = options.signingKeys ?? [await generateSigningKey()]
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  // The issuer is part of every token, so it listens before it makes the provider
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}/`
  const useKeys = (keys: JWK[]) => {
    server.removeAllListeners('request')
    server.on('request', createProvider(issuer, clients, keys).callback())
  }
  useKeys(signingKeys)
  return { issuer, useKeys, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
