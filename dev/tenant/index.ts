import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { throwawayClients } from './clients.ts'
import { createProvider } from './provider.ts'
import { generateSigningKey } from './signing-key.ts'

export interface TenantOptions {
  /** 0 takes any free one. */
  port: number
  /** The address to listen at. The default is the loopback, reached as `localhost` and as `127.0.0.1`. */
  host?: string
  /** Where people find the service, such as `http://localhost:3000`. */
  baseUrl: string
}

export interface Tenant {
  /** `http://localhost:<port>/`, with the slash. */
  issuer: string
  close(): Promise<void>
}

/**
 * Starts the local tenant: an OpenID provider that stands in for Auth0 during development.
 * @throws Error in production: its passwords are published
 */
export async function startTenant({ port, host = '127.0.0.1', baseUrl }: TenantOptions): Promise<Tenant> {
  if (process.env.NODE_ENV === 'production') {
    throw new Error('The local tenant has published passwords and does not run with NODE_ENV=production.')
  }
  const clients = throwawayClients(baseUrl)
  const signingKey = await generateSigningKey()
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  // The issuer is part of every token, so the port has to be known first.
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}/`
  server.on('request', createProvider(issuer, clients, signingKey).callback())
  return { issuer, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
