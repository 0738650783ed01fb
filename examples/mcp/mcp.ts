import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import type { FastifyError, FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { type Static, type TObject, Type } from 'typebox'
import { define, ServiceError } from '../errors/catalogue.ts'
import { toServiceError } from '../errors/send.ts'
import type { VerifiedToken } from '../plugins/auth/index.ts'
import { createTodo, deleteTodo, listTodos } from '../plugins/store/tables/todos.ts'
import type { User } from '../plugins/store/tables/user.ts'
import { IdParams, orNotFound } from '../schemas/id.ts'
import { DEFAULT_LIMIT, PageQuery } from '../schemas/page.ts'
import { Text } from '../schemas/text.ts'

const PATH = '/mcp'

/** User for whom a tool runs. */
interface Caller {
  readonly user: User
  readonly token: VerifiedToken
}

interface Tool {
  /** Scope that a call requires. */
  readonly scope: string
  readonly description: string
  readonly input: TObject
  readonly run: (app: FastifyInstance, caller: Caller, input: never) => Promise<unknown>
}

const NewTodo = Type.Object({
  title: Text({ minLength: 1, maxLength: 1000 }),
  date: Type.Optional(Type.String({ format: 'date', description: 'Defaults to today (UTC)' })),
})

/** The tools of the server. They call the same functions as the routes of to-dos. */
const tools: Record<string, Tool> = {
  list_todos: {
    scope: 'read:messages',
    description: 'Lists the to-dos of the user, in pages',
    input: PageQuery,
    run: ({ store }, { user }, { limit = DEFAULT_LIMIT, cursor = 0 }: Static<typeof PageQuery>) =>
      listTodos(store, user.id, { limit, cursor }),
  },
  add_todo: {
    scope: 'write:messages',
    description: 'Creates a to-do',
    input: NewTodo,
    run: ({ store, config }, { user }, input: Static<typeof NewTodo>) => {
      const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
      return createTodo(store, user.id, { date, ...input }, config.TODOS_PER_USER_MAX)
    },
  },
  delete_todo: {
    scope: 'write:messages',
    description: 'Deletes a to-do, such as a completed one',
    input: IdParams,
    run: async ({ store }, { user }, { id }: Static<typeof IdParams>) => {
      orNotFound((await deleteTodo(store, user.id, id)) || undefined)
      return { deleted: id }
    },
  },
  who_am_i: {
    scope: 'read:messages',
    description: 'Describes the user',
    input: Type.Object({}),
    run: async (_app, { user, token }) => ({
      name: user.name,
      email: user.email,
      subject: token.subject,
      scopes: token.scopes,
    }),
  },
}

/** An MCP server (Streamable HTTP, without sessions) as a protected resource of its own. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.protectedResource(PATH, { name: 'To-dos' })

  const handler = createMcpHandler(({ authInfo }) => makeServer(app, authInfo?.extra as unknown as Caller))
  app.addHook('onClose', () => handler.close())
  app.addHook('onRequest', rejectForeignOrigin(app)) // hooks of a scope run before the guards of its routes

  app.post(
    PATH,
    {
      preHandler: [app.requiresScope('read:messages'), requireScopesOfTools(app), app.loadUser],
      schema: { hide: true },
    },
    async (request) => {
      const { body, token, user } = request
      const { clientId, subject, scopes, expiresAt } = token
      const authInfo = {
        token: '', // tools must not pass the token on to other services
        clientId: clientId ?? subject,
        scopes: [...scopes],
        expiresAt,
        extra: { user, token },
      }
      return handler.fetch(toWebRequest(app, request), { parsedBody: body, authInfo })
    },
  )
}

export default routes

const foreignOrigin = define('foreign_origin', 403, 'The request comes from another origin')

/** Prevents DNS rebinding, as the transport of the protocol requires. Programs send no `Origin`. */
function rejectForeignOrigin({ config }: FastifyInstance) {
  const origins = [...config.CLIENT_ORIGIN_URL, new URL(config.PUBLIC_URL).origin]
  return async ({ headers: { origin } }: FastifyRequest) => {
    if (origin === undefined || origins.includes(origin)) return
    throw new ServiceError(foreignOrigin, { detail: origin })
  }
}

/** Rejects calls of tools whose scope the token lacks, with 403 and a challenge that clients of the protocol follow. */
function requireScopesOfTools(app: FastifyInstance): preHandlerAsyncHookHandler {
  const guards = new Map(Object.entries(tools).map(([name, { scope }]) => [name, app.requiresScope(scope)]))
  return async (request, reply) => {
    for (const name of calledTools(request.body)) {
      const guard = guards.get(name)
      if (guard === undefined) continue // the server responds that the tool is unknown
      await new Promise<void>((resolve, reject) => {
        guard.call(app, request, reply, (error) => (error ? reject(error) : resolve()))
      })
    }
  }
}

/** Lists the tools that the JSON-RPC messages call. Older versions of the protocol allow several messages in a list. */
function calledTools(body: unknown): string[] {
  const messages = [body].flat() as ({ method?: unknown; params?: { name?: unknown } } | null | undefined)[]
  return messages
    .filter((message) => message?.method === 'tools/call')
    .map((message) => String(message?.params?.name))
}

/** The request without the token and cookies: only headers of the transport. */
function toWebRequest({ config }: FastifyInstance, { headers }: FastifyRequest): Request {
  const names = Object.keys(headers).filter((name) => /^(accept|content-type|mcp-.+)$/.test(name))
  return new Request(`${config.PUBLIC_URL}${PATH}`, {
    method: 'POST',
    headers: names.map((name): [string, string] => [name, String(headers[name])]),
  })
}

/** Makes a server for one request. */
function makeServer(app: FastifyInstance, caller: Caller): McpServer {
  const server = new McpServer({ name: 'gatehouse', version: '1.0.0' })
  for (const [name, { description, input, run }] of Object.entries(tools)) {
    const inputSchema = fromJsonSchema(input as object)
    server.registerTool(name, { description, inputSchema }, async (fields) => {
      try {
        return textResult(JSON.stringify(await run(app, caller, fields as never)))
      } catch (error) {
        const { statusCode, message } = toServiceError(error as FastifyError)
        if (statusCode >= 500) app.log.error({ err: error, tool: name }, 'tool failed')
        return { ...textResult(message), isError: true }
      }
    })
  }
  return server
}

function textResult(text: string) {
  return { content: [{ type: 'text' as const, text }] }
}
