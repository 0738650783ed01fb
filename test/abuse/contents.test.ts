import t, { type Test } from 'tap'
import { startUnderAbuse } from '../helpers/abuse.ts'
import { bearer } from '../helpers/app.ts'
import { exchange } from '../helpers/raw-http.ts'
import { encode } from '../helpers/raw-token.ts'

async function start(t: Test) {
  const service = await startUnderAbuse(t)
  const { app, token } = service
  const send = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${app.url}${path}`, { headers: bearer(token), ...init })
    return { status: response.status, body: await response.text() }
  }
  const post = (body: string, type = 'application/json') =>
    send('/things', { method: 'POST', body, headers: { ...bearer(token), 'content-type': type } })
  return { ...service, send, post }
}

const repeat = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))

t.test(
  'tokens up to the header limit are 401, longer ones 431, and both take no lasting memory',
  async (t) => {
    const { issuer, survives, send } = await start(t)
    const signature = 'A'.repeat(342)
    const forge = (bytes: number) =>
      `${encode(issuer.header())}.${encode(issuer.claims({ padding: 'x'.repeat(bytes * 0.7), jti: crypto.randomUUID() }))}.${signature}`
    const statuses = async (count: number, bytes: number) => {
      const answers = await Promise.all(
        repeat(count, async () => {
          const { status } = await send('/api/private', { headers: bearer(forge(bytes)) })
          return status
        }),
      )
      return [...new Set(answers)]
    }
    await survives(t, async (share) => {
      for (let round = 0; round < 10 * share; round++) {
        t.strictSame(await statuses(80, 15_000), [401])
        t.strictSame(await statuses(20, 61_440), [431])
      }
    })
  },
)

t.test('a hundred headers are accepted, and more are 431', async (t) => {
  const { app, survives } = await start(t)
  const get = (count: number) => {
    const more = repeat(count - 2, (i) => `X${i}:\r\n`).join('')
    return exchange(app.url, `GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}\r\n`)
  }
  t.strictSame((await get(100)).statuses, [200])
  await survives(t, async () => {
    for (const count of [101, 1_000, 2_000, 2_500, 20_000]) {
      const { statuses, received } = await get(count)
      t.strictSame(statuses, [431], `${count}`)
      t.match(received, '"code":"headers_too_large"')
    }
  })
})

t.test('JSON of any depth and width is parsed or rejected', async (t) => {
  const { survives, post } = await start(t)
  const nested = (open: string, close: string, depth: number, core = '1') =>
    `${open.repeat(depth)}${core}${close.repeat(depth)}`
  const bodies: [status: number, body: string][] = [
    [400, `{"title":"a","extra":${nested('[', ']', 30_000)}}`],
    [400, JSON.stringify({ title: 'a', ...Object.fromEntries(repeat(4_000, (i) => [`key${i}`, i])) })],
    [400, nested('[', ']', 30_000)],
    [400, nested('{"title":', '}', 6_000)],
    [400, '['.repeat(65_000)],
    [400, `{"title":${nested('[', ']', 30_000)}}`],
    [400, `{"title":"a","extra":${nested('{"a":', '}', 9_000, '{"__proto__":1}')}}`],
    [400, `{"title":"a","extra":[${repeat(4_000, () => '{"__proto__":1}').join()}]}`],
    [400, `{"title":"a","date":${'9'.repeat(65_000)}}`],
    [400, `{"title":"a","date":"${'9'.repeat(65_000)}"}`],
    [413, nested('[', ']', 40_000)],
  ]
  await survives(t, async () => {
    for (const [status, body] of bodies) t.equal((await post(body)).status, status, body.slice(0, 40))
  })
})

t.test('no body changes a prototype', async (t) => {
  const { survives, post, send } = await start(t)
  const form = 'application/x-www-form-urlencoded'
  const bodies: [status: number, body: string, type?: string][] = [
    [400, '{"title":"a","__proto__":{"polluted":1}}'],
    [400, '{"title":"a","\\u005f_proto__":{"polluted":1}}'],
    [400, '{"title":"a","constructor":{"prototype":{"polluted":1}}}'],
    [400, '{"title":"a","deep":[{"constructor":{"prototype":{"polluted":1}}}]}'],
    [400, '{"title":"a","constructor":"a word like others"}'],
    [201, '{"title":"constructor"}'],
    [400, 'title=a&__proto__=polluted&constructor=polluted', form],
    [400, 'title=a&__proto__[polluted]=1&constructor[prototype][polluted]=1', form],
  ]
  await survives(t, async () => {
    for (const [status, body, type] of bodies) t.equal((await post(body, type)).status, status, body)
    t.equal((await send('/things?__proto__[polluted]=1&__proto__=1&constructor=1&limit=1')).status, 200)
  })
  t.equal(Reflect.get({}, 'polluted'), undefined)
  t.equal(Object.getPrototypeOf({}), Object.prototype)
})

t.test('thousands of parameters are parsed or rejected', async (t) => {
  const { survives, post, send } = await start(t)
  const queries: [status: number, path: string][] = [
    [200, `/things?${'a&'.repeat(7_000)}limit=1`],
    [200, `/things?limit=1&${repeat(2_000, (i) => `k${i}`).join('&')}`],
    [200, `/things?limit=1&${'%'.repeat(14_000)}`],
    [400, `/things?${'limit=1&'.repeat(1_500)}`],
    [400, `/things?cursor=${'9'.repeat(14_000)}`],
    [400, `/things/${'9'.repeat(14_000)}`],
    [404, `/${'a/'.repeat(7_000)}`],
    [431, `/things?${'a&'.repeat(9_000)}`],
  ]
  await survives(t, async () => {
    for (const [status, path] of queries) t.equal((await send(path)).status, status, path.slice(0, 30))
    const form = 'application/x-www-form-urlencoded'
    t.equal((await post(`${'a&'.repeat(32_000)}title=a`, form)).status, 400, 'an unknown field')
    t.equal((await post('title=a&'.repeat(8_000), form)).status, 400)
  })
})
