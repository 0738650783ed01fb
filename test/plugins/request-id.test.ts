import t, { type Test } from 'tap'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

async function start(t: Test) {
  const app = await listen(t, await TestIssuer.start(t))
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(app.url + path, { headers })
    const id = response.headers.get('x-request-id')
    const lines = () => app.logLines.filter(({ reqId }) => reqId === id)
    return { id, lines }
  }
  return { app, get }
}

t.test('every response has the ID of its request, which is in the log', async (t) => {
  const { app, get } = await start(t)
  const answers = [
    await get('/api/public'),
    await get('/api/private'),
    await get('/nowhere'),
    await get('/%zz'),
  ]
  await app.close() // the last line is written after the response
  for (const { id, lines } of answers) {
    t.match(id, /^[0-9a-f]{8}-\d+$/)
    t.ok(lines().length > 0)
  }
  t.equal(new Set(answers.map(({ id }) => id)).size, answers.length)
})

t.test('a well-formed ID of the client is taken', async (t) => {
  const { get } = await start(t)
  for (const id of ['a', 'x'.repeat(128), '2026-11-21_b.C-9', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736']) {
    t.equal((await get('/api/public', { 'x-request-id': id })).id, id)
  }
  for (const id of ['x'.repeat(129), 'a b', 'a"b', 'a,b', '{}', 'é', '']) {
    t.match((await get('/api/public', { 'x-request-id': id })).id, /^[0-9a-f]{8}-\d+$/, id)
  }
})

t.test('the trace ID of a valid traceparent is in every log line of the request', async (t) => {
  const { app, get } = await start(t)
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const parent = '00f067aa0ba902b7'
  const traced = [
    await get('/api/private', { traceparent: `00-${traceId}-${parent}-01` }),
    await get('/api/public', { traceparent: `01-${traceId}-${parent}-01-more` }),
  ]
  const untraced = [await get('/api/public')]
  for (const traceparent of [
    'nonsense',
    `ff-${traceId}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parent}-01`,
    `00-${traceId}-${parent}-01x`,
  ]) {
    untraced.push(await get('/api/public', { traceparent }))
  }
  await app.close()
  for (const { lines } of traced) {
    t.ok(lines().length > 0)
    for (const line of lines()) t.equal(line.traceId, traceId)
  }
  t.equal(traced[0]?.lines().length, 2, 'the reason and the request')
  for (const { lines } of untraced) for (const line of lines()) t.notOk('traceId' in line)
})
