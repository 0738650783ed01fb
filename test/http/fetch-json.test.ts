import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { fetchJson, isObject } from '../../src/http/fetch-json.ts'

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const soon = () => AbortSignal.timeout(5_000)

t.test('a JSON object is returned, and the given headers are sent', async (t) => {
  const url = await serve(t, ({ headers }, response) =>
    response.end(JSON.stringify({ accept: headers.accept, token: headers.authorization })),
  )
  t.strictSame(await fetchJson(url, soon()), { accept: 'application/json' })
  t.strictSame(await fetchJson(url, soon(), { authorization: 'Bearer x' }), {
    accept: 'application/json',
    token: 'Bearer x',
  })
})

t.test(
  'another status, invalid JSON, a non-object, an oversized or late body and a redirect are errors',
  async (t) => {
    const answers: [RequestListener, RegExp][] = [
      [(_request, response) => response.writeHead(429).end('{}'), / answered 429$/],
      [(_request, response) => response.end('<!doctype html>'), /JSON/],
      [(_request, response) => response.end('[]'), / is not a JSON object$/],
      [
        (_request, response) => response.end(JSON.stringify({ a: 'x'.repeat(1_048_577) })),
        / is longer than /,
      ],
      [(_request, response) => response.writeHead(302, { location: '/there' }).end(), /fetch failed/],
    ]
    for (const [answer, message] of answers)
      await t.rejects(fetchJson(await serve(t, answer), soon()), { message })
    await t.rejects(fetchJson(await serve(t, () => {}), AbortSignal.timeout(50)), { name: 'TimeoutError' })
  },
)

t.test('isObject rejects null and arrays', async (t) => {
  t.strictSame([{}, null, [], 'x', undefined].map(isObject), [true, false, false, false, false])
})
