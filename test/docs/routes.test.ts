import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { describeGuards } from '../../src/plugins/guards/describe.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { tableRows } from '../helpers/markdown.ts'
import { webAppAt } from '../helpers/web-app.ts' // part: web-app

t.test('the README lists every route below the paths that it names, and who may call it', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const listed = documented('request', 'who', 'answer')
  const roots = new Set(listed.map(rootOf))
  t.same(
    listed,
    known(app).filter((route) => roots.has(rootOf(route))),
  )
})

// part: web-app
t.test('and every page of the web app', async (t) => {
  const issuer = await TestIssuer.start(t)
  const api = known(await buildApp(t, issuer)).filter((route) => !route.startsWith('GET /:'))
  const webApp = await buildApp(t, issuer, { environment: webAppAt('http://localhost:1') })
  const pages = known(webApp).filter((route) => !api.includes(route))
  t.same(documented('page', 'who', 'what'), pages)
})
// end

/** The first segment of the path: `/things` is not documented until the table names one of its routes. */
function rootOf(route: string): string {
  return /\/[\w.-]*/.exec(route)?.[0] ?? ''
}

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
