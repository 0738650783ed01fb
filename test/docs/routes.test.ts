import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { describeGuards } from '../../src/plugins/guards/guard.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { tableRows } from '../helpers/markdown.ts'
import { webAppAt } from '../helpers/web-app.ts'

t.test('the README lists every route and who may call it, and no other', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  t.same(documented('request', 'who', 'answer'), known(app))
})

t.test('and every page of the web app', async (t) => {
  const issuer = await TestIssuer.start(t)
  const api = known(await buildApp(t, issuer)).filter((route) => !route.startsWith('GET /:'))
  const webApp = await buildApp(t, issuer, { environment: webAppAt('http://localhost:1') })
  const pages = known(webApp).filter((route) => !api.includes(route))
  t.same(documented('page', 'who', 'what'), pages)
})

function documented(...header: string[]): string[] {
  return tableRows('README.md', ...header)
    .flatMap(([requests = '', who]) => requests.split(', ').map((request) => `${request}: ${who}`))
    .sort()
}

function known({ routeTable }: FastifyInstance): string[] {
  return routeTable
    .filter(({ method, path }) => method !== 'HEAD' && !/(\*|^\/docs\/:file)$/.test(path))
    .map(({ method, path, guards }) => `${method} ${path}: ${describeGuards(guards)}`)
    .sort()
}
