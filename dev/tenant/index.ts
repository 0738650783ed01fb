import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import type { CertificateHeader } from '../../src/http/client-certificate.ts'
import { administration } from './administration.ts'
import { addPermissions } from './api.ts'
import { certificateReader } from './client-certificate.ts'
import { forLocalHosts } from './host-check.ts'
import { createProvider } from './provider.ts'
import { behindProxy } from './proxy.ts'
import { signingKeysOf } from './secrets.ts'
import type { Settings } from './settings.ts'
import { throwawaySettings } from './settings.ts'
import { State } from './state.ts'
import { tlsOptionsOf } from './tls-files.ts'

export interface TenantOptions {
  /** Port to listen on; 0 for any free one. */
  port: number
  /** Address to listen at. Default: the loopback, reachable as `localhost` and as `127.0.0.1`. */
  host?: string
  /** Folder of the certificate to speak https with, which is created at the first start. Default: http. */
  tlsFolder?: string
  /** Address of a proxy in front, with the slash. Default: `localhost` with the port. */
  issuer?: string
  /** Public address of the service, such as `http://localhost:3000`. */
  baseUrl: string
  /** Permissions of the API beside the standard ones, such as the scopes that the routes require. */
  permissions?: readonly string[]
  /** APIs, applications, users and more. Default: those of README.md. */
  settings?: Settings
  /** Header in which a proxy on the loopback passes the certificate of a client. Default: `client-cert` (RFC 9440). */
  certificateHeader?: CertificateHeader | undefined
  /** SQLite file with keys, accounts and grants. Default: they end with the tenant. */
  stateFile?: string
  /** Private keys as for {@link Tenant.useKeys}. Default: those of the state, or a new key. */
  signingKeys?: JWK[]
}

export interface Tenant {
  /** `http://localhost:<port>/`, `https://localhost:<port>/`, or the address of the proxy; with the slash. */
  issuer: string
  /** Port that it listens on. */
  port: number
  /** Publishes these keys and signs with the first. */
  useKeys(signingKeys: JWK[]): void
  close(): Promise<void>
}

/**
 * Starts the local tenant: an OpenID provider that replaces Auth0 during development.
 *
 * @throws {Error} in production, since its passwords are published
 */
export async function startTenant(options: TenantOptions): Promise<Tenant> {
  const { port, host = '127.0.0.1', tlsFolder, baseUrl, stateFile } = options
  if (process.env.NODE_ENV === 'production') {
    throw new Error('The local tenant has published passwords and does not run with NODE_ENV=production.')
  }
  addPermissions(options.permissions ?? [])
  const settings = options.settings ?? throwawaySettings(baseUrl)
  const server = tlsFolder ? await createTls(tlsFolder, settings) : createServer()
  server.listen(port, host)
  await once(server, 'listening')
  // The issuer is part of every token, so it listens before it makes the provider
  const { port: ownPort } = server.address() as AddressInfo
  const issuer = options.issuer ?? `${tlsFolder ? 'https' : 'http'}://localhost:${ownPort}/`
  const state = new State(stateFile)
  const getCertificate = certificateReader(options.certificateHeader ?? 'client-cert')
  const useKeys = (signingKeys: JWK[]) => {
    state.set('signing-keys', signingKeys)
    const provider = createProvider({ issuer, settings, signingKeys, state, getCertificate })
    server.removeAllListeners('request')
    provider.use(administration(state, useKeys))
    const listener = options.issuer ? behindProxy(provider) : provider.callback()
    server.on('request', options.host === undefined ? forLocalHosts(issuer, listener) : listener)
  }
  useKeys(options.signingKeys ?? (await signingKeysOf(state)))
  return { issuer, port: ownPort, useKeys, close: () => close(server, state) }
}

/** Browsers that have certificates ask the user for one, so it is requested only if an application needs it. */
async function createTls(folder: string, { applications }: Settings): Promise<Server> {
  const requestCert = applications.some((one) => one.tlsClientCertificateBoundAccessTokens)
  // Self-signed certificates are accepted: a token is bound to one certificate, not to an authority
  return createTlsServer({ ...(await tlsOptionsOf(folder)), requestCert, rejectUnauthorized: false })
}

async function close(server: Server, state: State): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
  state.close()
}
