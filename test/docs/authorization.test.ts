import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument } from '../helpers/markdown.ts'

/** Writes the route file of docs/authorization.md, with the address of the decision service, to a folder of routes. */
function writeRoutes(t: Test, decisionUrl: string): string {
  const [, script = ''] =
    /^```ts\n(\/\/ src\/routes\/documents\.ts\n.*?)^```$/ms.exec(readDocument('docs/authorization.md')) ?? []
  const routes = join(t.testdir(), 'routes')
  mkdirSync(routes)
  const source = script
    .replaceAll("'../", `'${join(import.meta.dirname, '../../src')}/`)
    .replace('http://127.0.0.1:8080/check', decisionUrl)
  writeFileSync(join(routes, 'documents.ts'), source)
  return routes
}

type Answer = (response: ServerResponse) => void

async function decisionService(t: Test) {
  const questions: unknown[] = []
  const service = { questions, url: '', answer: ((response) => response.end()) as Answer }
  const server = createServer(async (request: IncomingMessage, response) => {
    questions.push(JSON.parse(Buffer.concat(await request.toArray()).toString()))
    service.answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`
  return service
}

t.test('the example of docs/authorization.md asks a decision service, and fails closed', async (t) => {
  const service = await decisionService(t)
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { routes: writeRoutes(t, service.url) })
  const read = async (claims: object = { scope: 'read:documents' }) => {
    const response = await fetch(`${app.url}/documents/17`, { headers: bearer(await issuer.sign(claims)) })
    const { code = 'accepted' } = (await response.json()) as { code?: string }
    return `${response.status} ${code}`
  }
  const json =
    (status: number, body: unknown): Answer =>
    (response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  t.equal(await read({}), '403 insufficient_scope')
  t.strictSame(service.questions, [], 'the guard decides first')

  service.answer = json(200, { allowed: true })
  t.equal(await read(), '200 accepted')
  t.strictSame(service.questions, [
    { user: `user:${issuer.url}#auth0|1`, relation: 'reader', object: 'document:17' },
  ])
  service.answer = json(200, { allowed: false })
  t.equal(await read(), '404 not_found')

  const failures: Record<string, Answer> = {
    'an error': json(500, { allowed: true }),
    'another type': json(200, { allowed: 'true' }),
    'no answer': json(200, {}),
    'not JSON': (response) => response.end('true'),
    'a redirect': (response) => response.writeHead(302, { location: service.url }).end(),
    'a broken connection': (response) => response.destroy(),
    silence: () => {},
  }
  for (const [circumstance, answer] of Object.entries(failures)) {
    service.answer = answer
    t.equal(await read(), '503 decision_unavailable', circumstance)
  }
  t.match(app.routeTable.find(({ path }) => path === '/documents/:id')?.guards[1], {
    required: ['relation reader'],
  })
})
