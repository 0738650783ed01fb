import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('unready')]),
  checks: Type.Record(Type.String(), Type.String()),
})

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { public: true, rateLimit: false }

  app.get(
    '/livez',
    {
      config,
      schema: {
        tags: ['health'],
        summary: 'Check that the process is running',
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config,
      schema: {
        tags: ['health'],
        summary: 'Check that the process is ready for requests',
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const results = await Promise.all(
        [...app.readinessChecks].map(([name, check]) => runCheck(name, check)),
      )
      const isReady = results.every(([, result]) => result === 'ok')
      return reply
        .code(isReady ? 200 : 503)
        .send({ status: isReady ? 'ready' : 'unready', checks: Object.fromEntries(results) })
    },
  )
}

export default routes

async function runCheck(name: string, check: () => void | Promise<void>): Promise<[string, string]> {
  try {
    await check()
    return [name, 'ok']
  } catch (error) {
    return [name, (error as Error).message]
  }
}
