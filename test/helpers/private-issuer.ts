import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Server as NetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { AUDIENCE, TestIssuer } from './issuer.ts'

export const HOST = 'login.private.test'
export const ISSUER = `https://${HOST}/`

/** An issuer that can be reached through a proxy only, with a certificate of a private CA. */
export async function startPrivateIssuer(t: Test) {
  const issuer = await TestIssuer.start(t)
  issuer.discovery = {
    issuer: ISSUER,
    jwks_uri: `${ISSUER}jwks.json`,
    authorization_endpoint: `${ISSUER}authorize`,
    token_endpoint: `${ISSUER}oauth/token`,
    userinfo_endpoint: `${ISSUER}userinfo`,
  }
  issuer.userinfo = (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"sub":"auth0|1","name":"Ada"}')
  }
  const folder = mkdtempSync(join(tmpdir(), 'private-issuer-')) // start() empties the folder of the test
  t.teardown(() => rmSync(folder, { recursive: true }))
  const tls = await startTls(t, HOST, folder, Number(new URL(issuer.url).port))
  const proxy = await startProxy(t, HOST, () => tls.port)
  const aud = [AUDIENCE, `${ISSUER}userinfo`]
  return { issuer, proxy, certificate: tls.certificate, token: await issuer.sign({ iss: ISSUER, aud }) }
}

/** Listens on a free port of the loopback until the end of the test. */
async function listen(t: Test, server: NetServer): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/**
 * Serves a port of the loopback over TLS, with a certificate that only its own file vouches for.
 *
 * @returns the port, and the path of the certificate
 */
async function startTls(t: Test, host: string, folder: string, target: number) {
  const [key, cert] = [`${folder}/key.pem`, `${folder}/certificate.pem`]
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  await promisify(execFile)('openssl', [...kind, ...subject, '-keyout', key, '-out', cert])
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const upstream = connect(target, '127.0.0.1')
    socket.on('error', () => upstream.destroy()).pipe(upstream)
    upstream.on('error', () => socket.destroy()).pipe(socket)
  })
  return { port: await listen(t, server), certificate: cert }
}

/** Proxy for `CONNECT` that knows one host. Records the targets. */
async function startProxy(t: Test, host: string, target: () => number) {
  const targets: string[] = []
  const server: Server = createServer((_request, response) => response.writeHead(403).end())
  server.on('connect', ({ url = '' }, socket) => {
    targets.push(url)
    if (url !== `${host}:443`) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    const upstream = connect(target(), '127.0.0.1')
    socket.on('error', () => upstream.destroy()).pipe(upstream)
    upstream.on('error', () => socket.destroy()).pipe(socket)
    return socket
  })
  t.teardown(() => server.closeAllConnections())
  return { url: `http://127.0.0.1:${await listen(t, server)}`, targets }
}
