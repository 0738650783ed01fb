import Fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify'
import t, { type Test } from 'tap'
import { makeRequestLogger } from '../../src/http/request-logger.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** Sends requests to a route of an application whose lines are collected. */
async function start(t: Test, handle: (log: FastifyBaseLogger, request: FastifyRequest) => void) {
  const lines: { reqId?: string; msg: string; level: number; more?: string }[] = []
  const app = Fastify({
    logger: { level: 'trace', stream: { write: (line: string) => lines.push(JSON.parse(line)) } },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => 'the-id',
    childLoggerFactory: makeRequestLogger,
  })
  t.teardown(() => app.close())
  app.get('/', async (request) => handle(request.log, request))
  app.get('/quiet', { logLevel: 'error' }, async (request) => handle(request.log, request))
  await app.ready()
  const children = t.capture(app.log, 'child', app.log.child)
  return { app, lines, children }
}

t.test('every line of a request has its id, from one child logger', async (t) => {
  const { app, lines, children } = await start(t, (log) => {
    for (const level of levels) log[level]({ more: level }, 'a %s', 'line')
    log.silent('never')
  })
  await app.inject('/')
  t.match(
    lines,
    levels.map((level, index) => ({ level: (index + 1) * 10, reqId: 'the-id', more: level, msg: 'a line' })),
  )
  t.equal(lines.length, levels.length)
  t.equal(children().length, 1)
})

t.test('a request that logs nothing creates no child logger', async (t) => {
  const { app, children } = await start(t, () => {})
  t.equal((await app.inject('/')).statusCode, 200)
  t.equal(children().length, 0)
})

t.test('a child of the logger has the id, too', async (t) => {
  const { app, lines } = await start(t, (log) => log.child({ more: 'bound' }).info('a line'))
  await app.inject('/')
  t.match(lines, [{ reqId: 'the-id', more: 'bound', msg: 'a line' }])
})

t.test('the level is that of the route, and can be changed for one request', async (t) => {
  const found: string[] = []
  const { app, lines } = await start(t, (log, { url }) => {
    found.push(log.level)
    log.info('before')
    log.level = url === '/quiet' ? 'info' : 'error'
    log.info('after')
  })
  await app.inject('/')
  await app.inject('/quiet')
  await app.inject('/')
  t.strictSame(found, ['trace', 'error', 'trace'])
  t.strictSame(
    lines.map(({ msg }) => msg),
    ['before', 'after', 'before'],
  )
})
