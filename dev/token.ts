import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { throwawayAccounts } from './tenant/accounts.ts'
import { api } from './tenant/api.ts'
import { throwawayClients } from './tenant/clients.ts'

const usage = `Usage: npm run token -- [options]

Prints an access token of a machine, or with --user of a user. In scripts use \`npm run -s token\`, so that
npm prints no lines of its own.

  --user EMAIL       admin@example.com, reader@example.com, member@example.com or an account that was signed up
  --password TEXT    password of other users (or TOKEN_PASSWORD)
  --scope "A B"      scopes to request (default: all that are allowed)
  --client ID        client to use (default: gatehouse-test)
  --help

The token comes from the local tenant at http://localhost:4400/ (TENANT_PORT). If AUTH0_DOMAIN is set, it
comes from that tenant, with AUTH0_AUDIENCE, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET. All of them may be in .env.
`

const timeoutMs = 10_000

/** The tenant that issues the token, and the client that requests it. */
interface Target {
  issuer: string
  audience: string
  clientId: string
  clientSecret: string | undefined
  /** Passwords of the throwaway accounts by user. */
  passwords: Map<string, string>
  whenUnreachable: string
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
      help: { type: 'boolean' },
    },
  })
  if (options.help) {
    process.stdout.write(usage)
    return
  }
  if (existsSync('.env')) process.loadEnvFile('.env')
  const target = process.env.AUTH0_DOMAIN
    ? auth0Tenant(process.env.AUTH0_DOMAIN, options.client)
    : localTenant(options.client)
  const grant = options.user
    ? { grant_type: 'password', username: options.user, password: passwordOf(options.user, options, target) }
    : { grant_type: 'client_credentials' }
  const scope = options.scope ? { scope: options.scope } : {}
  process.stdout.write(`${await requestToken(target, { ...grant, ...scope })}\n`)
}

function localTenant(clientId = 'gatehouse-test'): Target {
  const port = process.env.TENANT_PORT || '4400'
  const client = throwawayClients('http://localhost').find(({ client_id }) => client_id === clientId)
  return {
    issuer: `http://localhost:${port}/`,
    audience: api.identifier,
    clientId,
    clientSecret: client?.client_secret,
    passwords: new Map(throwawayAccounts.map(({ email, password }) => [email, password])),
    whenUnreachable: 'Is `npm start` running?',
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
  }
}

function passwordOf(user: string, options: { password?: string }, { passwords }: Target): string {
  const password = options.password ?? passwords.get(user.toLowerCase()) ?? process.env.TOKEN_PASSWORD
  if (!password)
    throw new Error(`The password of ${user} is not known. Set it with --password or TOKEN_PASSWORD.`)
  return password
}

async function requestToken(target: Target, grant: Record<string, string>): Promise<string> {
  const base = target.issuer.endsWith('/') ? target.issuer : `${target.issuer}/`
  const discovery = await fetchJson(target, `${base}.well-known/openid-configuration`)
  const { access_token: token, ...answer } = await fetchJson(target, String(discovery.token_endpoint), {
    method: 'POST',
    body: new URLSearchParams({
      ...grant,
      audience: target.audience,
      client_id: target.clientId,
      ...(target.clientSecret && { client_secret: target.clientSecret }),
    }),
  })
  if (!token)
    throw new Error(`${target.issuer} issued no token: ${answer.error}: ${answer.error_description}`)
  return String(token)
}

async function fetchJson(target: Target, url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    return (await response.json()) as Record<string, unknown>
  } catch {
    throw new Error(`No answer from the tenant at ${target.issuer} - ${target.whenUnreachable}`)
  }
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
