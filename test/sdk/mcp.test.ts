import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as current from '@modelcontextprotocol/client'
import { Client as FormerClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as FormerTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { startTenant } from '../../dev/tenant/index.ts'
import { throwawaySettings } from '../../dev/tenant/settings.ts'
import { Browser } from '../dev/helpers/browser.ts'
import { api, passwordGrant } from '../dev/helpers/tenant.ts'
import { bearer } from '../helpers/app.ts'
import { freePort } from '../helpers/free-port.ts'

const ROOT = join(import.meta.dirname, '../..')
const permissions = ['read:messages', 'write:messages']

/** Copies the service and puts the example into its routes, as its README says. */
async function copyService(t: Test, change: (route: string) => string) {
  const copy = t.testdir()
  for (const path of ['src', 'package.json']) cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  const route = readFileSync(join(ROOT, 'examples/mcp/mcp.ts'), 'utf8')
  writeFileSync(join(copy, 'src/routes/mcp.ts'), change(route))
  const [{ app }, { loadConfig }, { serverOptions }] = await Promise.all([
    import(join(copy, 'src/app.ts')),
    import(join(copy, 'src/config/index.ts')),
    import(join(copy, 'src/server-options.ts')),
  ])
  return { app, loadConfig, serverOptions }
}

/** Starts the copy and a tenant with an API for the root and one for the example. */
async function start(t: Test, environment: Record<string, string> = {}, change = (route: string) => route) {
  const { app, loadConfig, serverOptions } = await copyService(t, change)
  const port = await freePort()
  const base = `http://localhost:${port}`
  const settings = throwawaySettings(base)
  const [root] = settings.apis
  settings.apis.push({ ...root, identifier: `${base}/mcp`, permissions })
  for (const user of settings.users.slice(0, 1)) user.permissions[`${base}/mcp`] = permissions
  const tenant = await startTenant({ port: 0, baseUrl: base, settings })
  t.teardown(() => tenant.close())
  const config = loadConfig({
    AUTH0_DOMAIN: tenant.issuer,
    AUTH0_AUDIENCE: api,
    DATABASE_URL: 'file::memory:',
    BASE_URL: base,
    LOG_LEVEL: 'silent',
    ...environment,
  })
  const service = Fastify(serverOptions(config))
  t.teardown(() => service.close())
  await service.register(app, { config })
  await service.listen({ port, host: 'localhost' })
  const tokenFor = async (audience: string, scope = '') =>
    (await passwordGrant(tenant, 'admin', { audience, ...(scope && { scope }) })).body.access_token as string
  /** Sends JSON-RPC messages as a program does. */
  const post = (token: string | undefined, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${base}/mcp`, {
      method: 'POST',
      headers: {
        ...(token === undefined ? {} : bearer(token)),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(body),
    })
  return { base, tenant, tokenFor, post }
}

const call = (name: string, id = 1, args = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
})

/** Storage of an application for the client. It is empty at first, so the client discovers, registers and logs in. */
class Provider {
  readonly redirectUrl = 'http://localhost:1/callback'
  readonly clientMetadata = {
    client_name: 'a program',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
  authorizationUrl = new URL('http://localhost:1/')
  registrations = 0
  #client: object | undefined
  #tokens: object | undefined
  #verifier = ''
  #discovery: object | undefined
  clientInformation = () => this.#client as never
  saveClientInformation = (client: object) => {
    this.registrations++
    this.#client = client
  }
  tokens = () => this.#tokens as never
  saveTokens = (tokens: object) => {
    this.#tokens = tokens
  }
  redirectToAuthorization = (url: URL) => {
    this.authorizationUrl = url
  }
  discoveryState = () => this.#discovery as never
  saveDiscoveryState = (state: object) => {
    this.#discovery = state
  }
  codeVerifier = () => this.#verifier
  saveCodeVerifier = (verifier: string) => {
    this.#verifier = verifier
  }
}

interface ToolResult {
  content: { text: string }[]
  isError?: boolean
}

/** The part of both clients that the test uses. */
interface AnyClient {
  connect(transport: never): Promise<void>
  listTools(): Promise<{ tools: { name: string }[] }>
  callTool(call: { name: string; arguments: object }): Promise<unknown>
  close(): Promise<void>
}

const name = { name: 'test', version: '1.0.0' }

/** The official clients. */
const clients = {
  '@modelcontextprotocol/sdk': {
    client: () => new FormerClient(name) as AnyClient,
    transport: (url: URL, authProvider: Provider) => {
      const transport = new FormerTransport(url, { authProvider })
      const finish = (callback: URL) => transport.finishAuth(callback.searchParams.get('code') as string)
      return { transport, finish }
    },
  },
  '@modelcontextprotocol/client': {
    client: () => new current.Client(name) as AnyClient,
    transport: (url: URL, authProvider: Provider) => {
      const transport = new current.StreamableHTTPClientTransport(url, { authProvider })
      return { transport, finish: (callback: URL) => transport.finishAuth(callback.searchParams) }
    },
  },
}

for (const [packageName, { client: makeClient, transport: makeTransport }] of Object.entries(clients)) {
  t.test(`${packageName} discovers, registers, logs in and calls tools`, async (t) => {
    const { base, tenant } = await start(t)
    const url = new URL(`${base}/mcp`)
    const provider = new Provider()
    const browser = new Browser(tenant.issuer)
    const logIn = async () => {
      await browser.open(provider.authorizationUrl.href)
      if (!browser.left) await browser.submit({ email: 'admin@example.com', password: 'admin-password' })
      await makeTransport(url, provider).finish(browser.left as URL)
      browser.left = undefined
    }
    const connect = async () => {
      const client = makeClient()
      await client.connect(makeTransport(url, provider).transport as never)
      t.teardown(() => client.close())
      const call = async (name: string, fields = {}) => {
        const { content, isError } = (await client.callTool({ name, arguments: fields })) as ToolResult
        return isError ? content[0]?.text : JSON.parse(content[0]?.text as string)
      }
      return { client, call }
    }
    const scopes = () => provider.authorizationUrl.searchParams.get('scope')?.split(' ') ?? []

    await t.rejects(connect(), { name: /UnauthorizedError|Error/, message: /[Uu]nauthorized/ })
    t.equal(provider.authorizationUrl.searchParams.get('resource'), `${base}/mcp`)
    t.equal(provider.registrations, 1)
    t.ok(scopes().includes('read:messages') && !scopes().includes('write:messages'), scopes().join(' '))
    await logIn()

    const reader = await connect()
    const { tools } = await reader.client.listTools()
    t.strictSame(tools.map(({ name }) => name).sort(), ['add_todo', 'delete_todo', 'list_todos', 'who_am_i'])
    t.strictSame(await reader.call('list_todos'), { items: [] })
    const { subject, scopes: granted } = await reader.call('who_am_i')
    t.match(subject, /^auth0\|/)
    t.ok(granted.includes('read:messages') && !granted.includes('write:messages'), granted.join(' '))

    await t.rejects(reader.call('add_todo', { title: 'water the plants' }), { message: /[Uu]nauthorized/ })
    t.ok(scopes().includes('read:messages') && scopes().includes('write:messages'), scopes().join(' '))
    await logIn()

    const writer = await connect()
    const todo = await writer.call('add_todo', { title: 'water the plants', date: '2026-11-21' })
    t.match(todo, { title: 'water the plants', date: '2026-11-21' })
    t.strictSame(await writer.call('list_todos'), { items: [todo] })
    t.strictSame(await writer.call('delete_todo', { id: todo.id }), { deleted: todo.id })
    t.equal(await writer.call('delete_todo', { id: todo.id }), 'Not Found')
    t.match(await writer.call('add_todo', { title: '' }), /title/)
    t.equal(provider.registrations, 1)
  })
}

t.test('a token for the root is refused at the MCP server, and the reverse', async (t) => {
  const { base, tokenFor, post } = await start(t)
  const [rootToken, mcpToken] = [await tokenFor(api), await tokenFor(`${base}/mcp`)]
  const privateRoute = (token: string) => fetch(`${base}/api/private`, { headers: bearer(token) })
  const { status, headers } = await post(rootToken, call('list_todos'))
  t.equal(status, 401)
  const more = `scope="read:messages", resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`
  t.equal(
    headers.get('www-authenticate'),
    `Bearer realm="api", error="invalid_token", error_description="incorrect claims, please check the audience and issuer", ${more}, DPoP realm="api", algs="ES256 EdDSA RS256", ${more}`,
  )
  t.equal((await privateRoute(mcpToken)).status, 401)
  t.equal((await post(mcpToken, call('list_todos'))).status, 200)
  t.equal((await privateRoute(rootToken)).status, 200)
})

t.test('a tool whose scope the token lacks is 403 before it runs, also in a list of messages', async (t) => {
  const { base, tokenFor, post } = await start(t)
  const token = await tokenFor(`${base}/mcp`, 'openid read:messages')
  const add = call('add_todo', 2, { title: 'x' })
  for (const body of [add, [add], [call('list_todos'), add]]) {
    const response = await post(token, body)
    t.equal(response.status, 403)
    t.equal(
      response.headers.get('www-authenticate'),
      `Bearer realm="api", error="insufficient_scope", error_description="You don't have access to this resource", scope="openid read:messages write:messages", resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`,
    )
  }
  t.match(await (await post(token, call('list_todos'))).text(), /\\"items\\":\[\]/)
  for (const name of ['constructor', '__proto__', 'nothing', '']) {
    const response = await post(token, call(name))
    t.equal(response.status, 200)
    t.match(await response.text(), /"code":-32602/, name)
  }
  for (const body of [null, 1, [], {}, [null], { method: 'tools/call' }])
    t.equal((await post(token, body)).status, 400, JSON.stringify(body))
})

t.test('GET and DELETE are 405', async (t) => {
  const { base, tokenFor } = await start(t)
  const headers = bearer(await tokenFor(`${base}/mcp`))
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(`${base}/mcp`, { method, headers })
    t.strictSame([response.status, response.headers.get('allow')], [405, 'POST'])
  }
})

t.test('a request from another origin is 403', async (t) => {
  const { base, tokenFor, post } = await start(t, { CLIENT_ORIGIN_URL: 'https://app.example' })
  const token = await tokenFor(`${base}/mcp`)
  for (const origin of ['https://evil.example', 'null', `${base}.evil.example`]) {
    const response = await post(token, call('list_todos'), { origin })
    t.equal(response.status, 403, origin)
    t.match(await response.json(), { code: 'foreign_origin' })
    t.equal((await post(undefined, call('list_todos'), { origin })).status, 403)
  }
  for (const origin of ['https://app.example', base])
    t.equal((await post(token, call('list_todos'), { origin })).status, 200, origin)
})

t.test('tools do not see the token', async (t) => {
  const [before, after] = [
    'async (fields) => {',
    'async (fields, context) => {\n        return reveal(context)',
  ]
  const reveal = `
    function reveal({ http }: any) {
      const { authInfo, req } = http
      return textResult(JSON.stringify({ authInfo, headers: [...req.headers] }))
    }`
  const { base, tokenFor, post } = await start(t, {}, (route) => {
    t.ok(route.includes(before))
    return route.replace(before, after) + reveal
  })
  const token = await tokenFor(`${base}/mcp`)
  const text = await (await post(token, call('who_am_i'), { cookie: 'a=b' })).text()
  t.match(text, /auth0\|/, 'the claims are there')
  for (const part of token.split('.')) t.notOk(text.includes(part))
  t.notMatch(text, /authorization|cookie/i)
})
