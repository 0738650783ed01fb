import t from 'tap'
import { describeGuards } from '../../src/guards.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { tableRows } from '../helpers/markdown.ts'

t.test('the README lists every route and who may call it, and no other', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const documented = tableRows('README.md', 'request', 'who', 'answer').flatMap(([requests = '', who]) =>
    requests.split(', ').map((request) => `${request}: ${who}`),
  )
  const known = app.routeTable
    .filter(({ method, path }) => method !== 'HEAD' && !path.endsWith('*'))
    .map(({ method, path, guards }) => `${method} ${path}: ${describeGuards(guards)}`)
  t.same(documented.sort(), known.sort())
})
