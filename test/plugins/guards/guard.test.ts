import type { preHandlerHookHandler, RouteOptions } from 'fastify'
import t from 'tap'
import { checksOf, type Guard, guardOf, makeGuard } from '../../../src/plugins/guards/guard.ts'

const pass = (): preHandlerHookHandler => (_request, _reply, done) => done()
const guardsOf = (route: RouteOptions) => checksOf(route).map(guardOf)
const guarded = (preHandler?: RouteOptions['preHandler']) => guardsOf({ preHandler } as RouteOptions)

const token: Guard = { kind: 'token', required: [] }
const scope: Guard = { kind: 'scope', required: ['read:things', 'write:things'] }

t.test('a guard is recognized alone, in a list, and beside other preHandlers', async (t) => {
  const byToken = makeGuard(token, pass())
  const byScope = makeGuard(scope, pass())
  t.strictSame(guarded(byToken), [token])
  t.strictSame(guarded([byScope]), [scope])
  t.strictSame(guarded([pass(), byToken, byScope, pass()]), [token, scope])
})

t.test('a route without a guard has none, whatever its preHandlers are', async (t) => {
  t.strictSame(guardsOf({} as RouteOptions), [])
  t.strictSame(guarded(pass()), [])
  t.strictSame(guarded([pass(), pass()]), [])
})

t.test('makeGuard returns the check itself', async (t) => {
  const check = pass()
  t.equal(makeGuard(token, check), check)
})
