import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Liveness = Type.Object(
  { status: Type.Literal('ok') },
  { title: 'Liveness', description: 'The process runs' },
)

const Readiness = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('unready')]),
    checks: Type.Record(Type.String(), Type.String(), { description: '`ok` or the problem, by check' }),
    issuers: Type.Record(Type.String(), Type.String(), {
      description: '`ok` if the keys of the issuer are at hand, or the problem. Has no effect on the status',
    }),
  },
  {
    title: 'Readiness',
    examples: [
      {
        status: 'ready',
        checks: { process: 'ok', load: 'ok', store: 'ok' },
        issuers: { 'https://tenant.eu.auth0.com/': 'ok' },
      },
    ],
  },
)

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { public: true, rateLimit: false, quiet: true }
  const tags = app.documentTag('health', 'Probes for load balancers and orchestrators.', 'last')

  app.get(
    '/livez',
    {
      config,
      schema: {
        operationId: 'getLiveness',
        tags,
        summary: 'Check that the process is running',
        description: 'Responds while the process serves requests.',
        response: { 200: Liveness },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config,
      schema: {
        operationId: 'getReadiness',
        tags,
        summary: 'Check that the process is ready for requests',
        description:
          'Runs the readiness checks, such as that of the database, and tells of which issuers there are keys.',
        response: {
          200: { ...Readiness, 'x-response-description': 'All checks have passed' },
          503: { ...Readiness, 'x-response-description': 'At least one check has failed' },
        },
      },
    },
    async (_request, reply) => {
      const checks = await app.checkReadiness()
      const isReady = Object.values(checks).every((result) => result === 'ok')
      const status = isReady ? ('ready' as const) : ('unready' as const)
      return reply.code(isReady ? 200 : 503).send({ status, checks, issuers: app.describeKeys() })
    },
  )
}

export default routes
