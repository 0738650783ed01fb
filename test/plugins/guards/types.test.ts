import t from 'tap'
import { buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

// `npm run typecheck` fails if one of these lines compiles
t.test('wrong uses of guards do not compile, and throw at the start', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const scope = app.requiresScope('read:things')
  const decision = app.authorize(() => true)
  const wrong: (() => unknown)[] = [
    // @ts-expect-error no names
    () => app.requiresScope(),
    // @ts-expect-error no names
    () => app.requiresAnyScope(),
    // @ts-expect-error no names
    () => app.requiresPermission(),
    // @ts-expect-error no names
    () => app.requiresAnyPermission(),
    // @ts-expect-error no names
    () => app.requiresRole(),
    // @ts-expect-error a list instead of names
    () => app.requiresRole(['editor']),
    // @ts-expect-error no values
    () => app.requiresClaim('/org_id'),
    // @ts-expect-error not a value that equals a claim
    () => app.requiresClaim('/org_id', undefined),
    // @ts-expect-error neither a class nor an age
    () => app.requiresAuthentication({}),
    // @ts-expect-error no classes
    () => app.requiresAuthentication({ acr: [] }),
    // @ts-expect-error not a number
    () => app.requiresAuthentication({ maxAgeSeconds: '300' }),
    // @ts-expect-error no guards
    () => app.anyOf(),
    // @ts-expect-error one guard
    () => app.anyOf(scope),
    // @ts-expect-error one guard
    () => app.allOf(scope),
    // @ts-expect-error a preHandler that is not a guard
    () => app.anyOf(scope, app.loadUser),
    // @ts-expect-error not a guard that can be combined
    () => app.anyOf(scope, app.optionalToken),
    // @ts-expect-error a function instead of a guard
    () => app.allOf(scope, () => {}),
    // @ts-expect-error a decision of the route is not a guard
    () => app.anyOf(scope, decision),
    // @ts-expect-error no function
    () => app.authorize(),
  ]
  for (const use of wrong) t.throws(use, TypeError, String(use))
  // @ts-expect-error does not return a boolean
  app.authorize(() => 'yes')
  t.type(
    app.authorize(({ token, params }) => params.id === token?.subject),
    'function',
  )
  t.type(app.anyOf(scope, app.allOf(app.authenticate, app.requiresRole('editor'))), 'function')
})
