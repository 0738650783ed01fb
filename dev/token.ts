import { parseArgs } from 'node:util'
import { decodeJwt, type JWK } from 'jose'
import { loadDotEnv } from '../src/config/command.ts'
import { forwardedCertificate } from './client-certificate.ts'
import { makeProof, proofKey } from './dpop-proof.ts'
import { localSettings, proxyUrl, tenantUrl } from './local-settings.ts'
import { trustTenant } from './trust-tenant.ts'

const usage = `Usage: npm run token -- [options]

Prints an access token of a machine, or with --user of a user. In scripts use \`npm run -s token\`, so that
npm prints no lines of its own.

  --user EMAIL       admin@example.com, reader@example.com, member@example.com or an account that was signed up
  --password TEXT    password of other users (or TOKEN_PASSWORD)
  --scope "A B"      scopes to request (default: all that are allowed)
  --client ID        client to use (default: gatehouse-test)
  --dpop             bind the token to a key (RFC 9449), and print the file of the key on a second line
  --certificate FILE bind the token to the certificate in the file (PEM; RFC 8705)
  --help

The token comes from the local tenant at http://localhost:4400/ (see docs/tenant.md). If AUTH0_DOMAIN is set, it
comes from that tenant, with AUTH0_AUDIENCE, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET. All of them may be in .env.
`

const timeoutMs = 10_000

/** Key of bound tokens; made by the first of them. */
const keyFile = 'data/dpop-key.json'

/** The tenant that issues the token, and the client that requests it. */
interface Target {
  issuer: string
  audience: string
  clientId: string
  clientSecret: string | undefined
  /** Passwords of the throwaway accounts by user. */
  passwords: Map<string, string>
  whenUnreachable: string
  whenNotGranted: string
}

interface IssuedToken {
  token: string
  /** Undefined if the tenant does not say, since it granted all (RFC 6749, section 5.1). */
  granted: string[] | undefined
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      user: { type: 'string' },
      password: { type: 'string' },
      scope: { type: 'string' },
      client: { type: 'string' },
      dpop: { type: 'boolean' },
      certificate: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (options.help) {
    process.stdout.write(usage)
    return
  }
  loadDotEnv()
  trustTenant()
  const target = process.env.AUTH0_DOMAIN
    ? auth0Tenant(process.env.AUTH0_DOMAIN, options.client)
    : localTenant(options.client, options.certificate !== undefined)
  const grant = options.user
    ? { grant_type: 'password', username: options.user, password: passwordOf(options.user, options, target) }
    : { grant_type: 'client_credentials' }
  const scope = options.scope ? { scope: options.scope } : {}
  const key = options.dpop ? await proofKey(keyFile) : undefined
  const headers = options.certificate ? forwardedCertificate(options.certificate) : {}
  const { token, granted } = await requestToken(target, { ...grant, ...scope }, key, headers)
  if (options.certificate && !isBoundToCertificate(token))
    throw new Error(
      `${target.issuer} issued a token that is not bound to the certificate: see docs/certificates.md`,
    )
  process.stdout.write(key ? `${token}\n${keyFile}\n` : `${token}\n`)
  const missing = names(options.scope).filter((name) => !(granted ?? names(options.scope)).includes(name))
  if (missing.length > 0)
    process.stderr.write(`Not granted: ${missing.join(' ')}\n${target.whenNotGranted}\n`)
}

/** @param isBound whether the token must be bound to a certificate */
function localTenant(named: string | undefined, isBound: boolean): Target {
  const { applications, apis, users } = localSettings('http://localhost')
  const machines = applications.filter(({ type }) => type === 'machine')
  const fit = machines.find((one) => (one.tlsClientCertificateBoundAccessTokens ?? false) === isBound)
  const client = named ? applications.find(({ id }) => id === named) : (fit ?? machines[0])
  return {
    issuer: proxyUrl() ?? tenantUrl(),
    audience: apis[0].identifier,
    clientId: named ?? client?.id ?? '',
    clientSecret: client?.secret,
    passwords: new Map(users.map(({ email, password }) => [email, password])),
    whenUnreachable: 'Is `npm start` running?',
    whenNotGranted:
      'A machine and the admin have every scope that a route requires, from the start of `npm start` on. Grant it to other accounts in dev/tenant/accounts.ts.',
  }
}

function auth0Tenant(domains: string, clientId = required('AUTH0_CLIENT_ID')): Target {
  const domain = first(domains)
  return {
    issuer: domain.includes('://') ? domain : `https://${domain}/`,
    audience: first(required('AUTH0_AUDIENCE')),
    clientId,
    clientSecret: required('AUTH0_CLIENT_SECRET'),
    passwords: new Map(),
    whenUnreachable: 'Is AUTH0_DOMAIN correct? Unset it to use the local tenant.',
    whenNotGranted: 'Add the permission to the API of that tenant, and grant it to the client or the user.',
  }
}

function passwordOf(user: string, options: { password?: string }, { passwords }: Target): string {
  const password = options.password ?? passwords.get(user.toLowerCase()) ?? process.env.TOKEN_PASSWORD
  if (!password)
    throw new Error(`The password of ${user} is not known. Set it with --password or TOKEN_PASSWORD.`)
  return password
}

async function requestToken(
  target: Target,
  grant: Record<string, string>,
  key: JWK | undefined,
  headers: Record<string, string>,
): Promise<IssuedToken> {
  const base = target.issuer.endsWith('/') ? target.issuer : `${target.issuer}/`
  const discovery = await fetchJson(target, `${base}.well-known/openid-configuration`)
  const url = String(discovery.token_endpoint)
  const send = async (nonce?: string) =>
    fetchJson(target, url, {
      method: 'POST',
      headers: key ? { ...headers, dpop: await makeProof(key, { method: 'POST', url, nonce }) } : headers,
      body: new URLSearchParams({
        ...grant,
        audience: target.audience,
        client_id: target.clientId,
        ...(target.clientSecret && { client_secret: target.clientSecret }),
      }),
    })
  const first = await send()
  const { access_token: token, ...answer } =
    first.error === 'use_dpop_nonce' ? await send(String(first.nonce)) : first
  if (!token)
    throw new Error(`${target.issuer} issued no token: ${answer.error}: ${answer.error_description}`)
  if (key && String(answer.token_type).toLowerCase() !== 'dpop')
    throw new Error(`${target.issuer} issued a token that is not bound to the key.`)
  return {
    token: String(token),
    granted: answer.scope === undefined ? undefined : names(String(answer.scope)),
  }
}

function isBoundToCertificate(token: string): boolean {
  const { cnf } = decodeJwt<{ cnf?: Record<string, string> }>(token)
  return cnf?.['x5t#S256'] !== undefined
}

async function fetchJson(target: Target, url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    return { ...((await response.json()) as object), nonce: response.headers.get('dpop-nonce') }
  } catch {
    throw new Error(`No answer from the tenant at ${target.issuer} - ${target.whenUnreachable}`)
  }
}

function names(scope = ''): string[] {
  return scope.split(' ').filter(Boolean)
}

/** The first item of a comma-separated list, as in the configuration of the service. */
function first(list: string): string {
  return list.split(',')[0]?.trim() ?? ''
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`AUTH0_DOMAIN is set, so ${name} is needed too. Set it, or unset AUTH0_DOMAIN.`)
  return value
}
