import { mock } from 'node:test'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp, DPOP_OFFER, METADATA } from '../helpers/app.ts'
import { onEachDatabase, prepare } from '../helpers/database.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const DAY_MS = 24 * 3_600_000
const dayOf = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 10)
const form = { 'content-type': 'application/x-www-form-urlencoded' }

async function start(t: Test, url: string, environment: Record<string, string> = {}) {
  await prepare(url)
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, { environment: { DATABASE_URL: url, ...environment } })
  /** Sends requests as one user. */
  const as = async (sub: string) => {
    const token = bearer(await issuer.sign({ sub }))
    return async (
      method: NonNullable<InjectOptions['method']>,
      path: string,
      payload?: InjectOptions['payload'],
      headers: Record<string, string> = {},
    ) => {
      const answer = await app.inject({
        method,
        url: path,
        headers: { ...token, ...headers },
        ...(payload === undefined ? {} : { payload }),
      })
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: answer.body === '' ? undefined : answer.json(),
      }
    }
  }
  return { app, as }
}

onEachDatabase(t, 'a to-do is created, read, updated and deleted', async (t, url) => {
  const { as } = await start(t, url)
  const ada = await as('auth0|ada')
  t.match(await ada('GET', '/todo'), { status: 200, body: [] })

  const added = await ada('POST', '/todo', { title: ' water the plants ', date: '2026-11-21' })
  const todo = { id: 1, title: 'water the plants', date: '2026-11-21', user: 1 }
  t.equal(added.status, 201)
  t.strictSame(added.body, todo)
  t.equal(added.headers.location, '/todo/1')
  t.equal(added.headers['cache-control'], 'no-store')

  const read = await ada('GET', '/todo/1')
  t.strictSame([read.status, read.body], [200, todo])
  t.strictSame((await ada('GET', '/todo')).body, [todo])
  t.strictSame((await ada('GET', '/todo/')).body, [todo], 'a trailing slash changes nothing')
  t.match(await ada('HEAD', '/todo/1'), { status: 200, body: undefined })

  const patched = await ada('PATCH', '/todo/1', { title: 'sweep' })
  t.strictSame([patched.status, patched.body], [200, { ...todo, title: 'sweep' }])
  t.strictSame((await ada('PATCH', '/todo/1', { date: '2024-02-29' })).body.date, '2024-02-29')
  t.strictSame((await ada('PATCH', '/todo/1', {})).body, { ...todo, title: 'sweep', date: '2024-02-29' })
  t.strictSame((await ada('PUT', '/todo/1', { title: 'cook' })).body, {
    ...todo,
    title: 'cook',
    date: '2024-02-29',
  })
  t.strictSame((await ada('PUT', '/todo/1', { title: 'water the plants', date: '2026-11-21' })).body, todo)

  const removed = await ada('DELETE', '/todo/1', undefined, { 'content-type': 'application/json' })
  t.strictSame([removed.status, removed.body], [204, undefined])
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
    const payload = method === 'GET' || method === 'DELETE' ? undefined : { title: 'a' }
    t.match(await ada(method, '/todo/1', payload), { status: 404, body: { code: 'not_found' } })
  }
})

onEachDatabase(
  t,
  'a to-do of another user can be neither read nor changed, and looks like a missing one',
  async (t, url) => {
    const { as } = await start(t, url)
    const [ada, bob] = [await as('auth0|ada'), await as('auth0|bob')]
    const { body: todo } = await ada('POST', '/todo', { title: 'a secret' })
    for (const [method, payload] of [
      ['GET', undefined],
      ['PUT', { title: 'mine' }],
      ['PATCH', { title: 'mine' }],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      const another = await bob(method, `/todo/${todo.id}`, payload)
      const none = await bob(method, '/todo/99', payload)
      t.equal(another.status, 404, method)
      t.strictSame(another.body, none.body)
    }
    t.strictSame((await bob('GET', '/todo')).body, [])
    t.strictSame((await ada('GET', '/todo')).body, [todo])
  },
)

onEachDatabase(
  t,
  'id and user in a body are ignored, and any other unknown field is rejected',
  async (t, url) => {
    const { as } = await start(t, url)
    const [ada, bob] = [await as('auth0|ada'), await as('auth0|bob')]
    await bob('POST', '/todo', { title: 'his own' })
    const foreign = { id: 77, user: 1 }
    t.match(await ada('POST', '/todo', { title: 'a', ...foreign }), { status: 201, body: { id: 2, user: 2 } })
    t.match(await ada('PUT', '/todo/2', { title: 'b', ...foreign }), {
      status: 200,
      body: { id: 2, user: 2, title: 'b' },
    })
    t.match(await ada('PATCH', '/todo/2', foreign), { status: 200, body: { id: 2, user: 2, title: 'b' } })
    t.match(await ada('POST', '/todo', 'title=c&id=1&user=1', form), {
      status: 201,
      body: { id: 3, user: 2 },
    })
    t.match(await ada('PATCH', '/todo/2', { ...foreign, user_id: 1, titel: 'x' }), {
      status: 400,
      body: { validation: [{ field: 'user_id' }, { field: 'titel' }] },
    })
    t.match(await ada('POST', '/todo', 'title=c&done=1', form), {
      status: 400,
      body: { validation: [{ field: 'done', message: 'is not a known field' }] },
    })
    t.equal((await bob('GET', '/todo')).body.length, 1)
  },
)

onEachDatabase(t, 'SQL in a title is stored as text', async (t, url) => {
  const { as } = await start(t, url)
  const ada = await as('auth0|ada')
  for (const title of ["'); drop table todos; --", "' or '1'='1", '$1', '?', '" "" \\'] as const) {
    const { body } = await ada('POST', '/todo', { title })
    t.equal(body.title, title)
    t.strictSame((await ada('GET', `/todo/${body.id}`)).body, body)
  }
  t.equal((await ada('GET', '/todo')).body.length, 5)
})

onEachDatabase(t, 'the list has pages, each with a link to the next', async (t, url) => {
  const { as } = await start(t, url)
  const ada = await as('auth0|ada')
  for (let index = 1; index <= 51; index++) await ada('POST', '/todo', { title: `${index}` })
  const titles = ({ body }: { body: { title: string }[] }) => body.map(({ title }) => Number(title))

  const first = await ada('GET', '/todo')
  t.equal(first.body.length, 50)
  t.equal(first.headers.link, '</todo?limit=50&cursor=50>; rel="next"')
  const collected: number[] = []
  let next: string | undefined = '/todo?limit=20'
  while (next) {
    const page = await ada('GET', next)
    collected.push(...titles(page))
    next = /^<(.+)>; rel="next"$/.exec(String(page.headers.link))?.[1]
  }
  t.strictSame(
    collected,
    Array.from({ length: 51 }, (_, index) => index + 1),
  )
  const all = await ada('GET', '/todo?limit=100')
  t.equal(all.body.length, 51)
  t.equal(all.headers.link, undefined)
  t.strictSame(
    (await ada('GET', '/todo?limit=51')).headers.link,
    undefined,
    'a full last page has no next page',
  )

  for (const [query, field] of [
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['cursor=x', 'cursor'],
    ['cursor=-1', 'cursor'],
    ['cursor=99999999999999999999', 'cursor'],
  ]) {
    t.match(await ada('GET', `/todo?${query}`), {
      status: 400,
      body: { code: 'validation_failed', validation: [{ field }] },
    })
  }
})

onEachDatabase(t, 'the default date is the day of the request', async (t, url) => {
  const { as } = await start(t, url)
  const midnight = Math.ceil(Date.now() / DAY_MS) * DAY_MS
  mock.timers.enable({ apis: ['Date'], now: midnight - 1 })
  t.teardown(() => mock.timers.reset())
  const ada = await as('auth0|ada')
  const today = dayOf(midnight - 1)
  t.equal((await ada('POST', '/todo', { title: 'a' })).body.date, today)
  t.equal((await ada('POST', '/todo', 'title=a', form)).body.date, today)
  mock.timers.setTime(midnight)
  t.equal((await ada('POST', '/todo', { title: 'a' })).body.date, dayOf(midnight))
})

t.test('every invalid field is named, and nothing is written', async (t) => {
  const { as } = await start(t, 'file::memory:')
  const ada = await as('auth0|ada')
  await ada('POST', '/todo', { title: 'good', date: '2026-11-21' })
  const bad: [body: unknown, fields: string[]][] = [
    [{ title: '' }, ['title']],
    [{ title: ' \t\n ' }, ['title']],
    [{ title: 'x'.repeat(1001) }, ['title']],
    [{ title: 'a\0b' }, ['title']],
    [{ title: 'a\ud800' }, ['title']],
    ...[5, true, null, ['a'], { a: 'b' }].map((title): [unknown, string[]] => [{ title }, ['title']]),
    ...['2026-02-29', '2026-13-01', '2026-00-10', '2026-1-1', '21.11.2026', 'today', '', ' 2026-11-21'].map(
      (date): [unknown, string[]] => [{ title: 'a', date }, ['date']],
    ),
    ...['2026-11-21T00:00:00Z', 20261121, null].map((date): [unknown, string[]] => [
      { title: 'a', date },
      ['date'],
    ]),
    [{ title: '', date: 'soon' }, ['title', 'date']],
  ]
  const fieldsOf = ({ body }: { body: { validation: { field: string; message: string }[] } }) => [
    ...new Set(body.validation.map(({ field }) => field)),
  ]
  for (const [body, fields] of bad) {
    for (const [method, path] of [
      ['POST', '/todo'],
      ['PUT', '/todo/1'],
      ['PATCH', '/todo/1'],
    ] as const) {
      const answer = await ada(method, path, body as object)
      t.match(
        answer,
        { status: 400, body: { code: 'validation_failed' } },
        `${method} ${JSON.stringify(body)}`,
      )
      t.strictSame(fieldsOf(answer).sort(), [...fields].sort())
      for (const { message } of answer.body.validation) t.match(message, /^must /)
    }
  }
  for (const [method, path] of [
    ['POST', '/todo'],
    ['PUT', '/todo/1'],
  ] as const) {
    t.strictSame(fieldsOf(await ada(method, path, { date: '2026-11-21' })), ['title'])
  }
  for (const body of ['[]', '"a"', 'null', '7']) {
    t.match(await ada('POST', '/todo', body, { 'content-type': 'application/json' }), { status: 400 })
  }
  t.match(await ada('POST', '/todo'), { status: 400 })
  t.match(await ada('POST', '/todo', '{"title":', { 'content-type': 'application/json' }), {
    status: 400,
    body: { code: 'bad_request' },
  })
  t.strictSame((await ada('GET', '/todo')).body, [{ id: 1, title: 'good', date: '2026-11-21', user: 1 }])
})

t.test('values at the limits are accepted', async (t) => {
  const { as } = await start(t, 'file::memory:')
  const ada = await as('auth0|ada')
  for (const title of ['a', 'x'.repeat(1000), `  ${'x'.repeat(1000)}  `, '👩'.repeat(1000), '<b>\'"&']) {
    t.match(await ada('POST', '/todo', { title }), { status: 201, body: { title: title.trim() } })
  }
  for (const date of ['2024-02-29', '0001-01-01', '9999-12-31']) {
    t.match(await ada('POST', '/todo', { title: 'a', date }), { status: 201, body: { date } })
  }
})

t.test('forms are accepted like JSON', async (t) => {
  const { as } = await start(t, 'file::memory:')
  const ada = await as('auth0|ada')
  const fields = new URLSearchParams({ title: ' water & feed ', date: '2026-11-21' }).toString()
  const todo = { id: 1, title: 'water & feed', date: '2026-11-21', user: 1 }
  t.strictSame((await ada('POST', '/todo', fields, form)).body, todo)
  t.match(await ada('PUT', '/todo/1', 'title=5', form), { status: 200, body: { ...todo, title: '5' } })
  t.match(await ada('PATCH', '/todo/1', 'date=2027-01-01', form), {
    body: { title: '5', date: '2027-01-01' },
  })
  t.match(await ada('POST', '/todo', 'title=a&title=b', form), {
    status: 400,
    body: { validation: [{ field: 'title' }] },
  })
  t.match(await ada('POST', '/todo', 'date=2026-11-21', form), { body: { validation: [{ field: 'title' }] } })
})

t.test('other media types and too large bodies are rejected', async (t) => {
  const { as } = await start(t, 'file::memory:')
  const ada = await as('auth0|ada')
  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'text/html']) {
    for (const [method, path] of [
      ['POST', '/todo'],
      ['PUT', '/todo/1'],
      ['PATCH', '/todo/1'],
    ] as const) {
      const answer = await ada(method, path, 'title=a', { 'content-type': type })
      t.match(answer, { status: 415, body: { code: 'unsupported_media_type' } }, `${method} ${type}`)
    }
  }
  const tooLarge = { status: 413, body: { code: 'body_too_large' } }
  t.match(await ada('POST', '/todo', { title: 'x'.repeat(65_536) }), tooLarge)
  t.match(await ada('POST', '/todo', `title=${'x'.repeat(65_536)}`, form), tooLarge)
})

t.test('an id that is not a number is not found', async (t) => {
  const { as } = await start(t, 'file::memory:')
  const ada = await as('auth0|ada')
  await ada('POST', '/todo', { title: 'a' })
  for (const id of ['abc', '1a', '01', '-1', '0', '1.0', '1e0', '%31%20', '99999999999999999999', 'null']) {
    t.match(await ada('GET', `/todo/${id}`), { status: 404, body: { code: 'not_found' } }, id)
    t.match(await ada('DELETE', `/todo/${id}`), { status: 404 }, id)
    t.match(await ada('PATCH', `/todo/${id}`, { title: 'b' }), { status: 404 }, id)
  }
  t.match(await ada('GET', '/todo/%31'), { status: 200 })
})

t.test('without a token, the response is 401 even if the body is invalid', async (t) => {
  const { app } = await start(t, 'file::memory:')
  for (const [method, url] of [
    ['GET', '/todo'],
    ['POST', '/todo'],
    ['GET', '/todo/1'],
    ['PUT', '/todo/1'],
    ['PATCH', '/todo/1'],
    ['DELETE', '/todo/1'],
  ] as const) {
    const answer = await app.inject({ method, url })
    t.match(answer.json(), { statusCode: 401, code: 'missing_token' }, `${method} ${url}`)
    t.strictSame(answer.headers['www-authenticate'], [`Bearer realm="api", ${METADATA}`, DPOP_OFFER])
  }
})

t.test('beyond TODOS_PER_USER_MAX a new to-do is 409, and OpenAPI documents it', async (t) => {
  const { app, as } = await start(t, 'file::memory:', { TODOS_PER_USER_MAX: '2' })
  const [ada, bob] = [await as('auth0|ada'), await as('auth0|bob')]
  for (const title of ['a', 'b']) t.match(await ada('POST', '/todo', { title }), { status: 201 })
  const rejected = await ada('POST', '/todo', { title: 'c' })
  t.match(rejected, { status: 409, body: { statusCode: 409, code: 'limit_reached' } })
  t.match(await bob('POST', '/todo', { title: 'a' }), { status: 201 })
  t.match(await ada('PATCH', '/todo/1', { title: 'd' }), { status: 200 })
  t.match(await ada('DELETE', '/todo/1'), { status: 204 })
  t.match(await ada('POST', '/todo', { title: 'c' }), { status: 201 })
  const { paths } = app.swagger() as unknown as {
    paths: Record<string, Record<string, { responses: object }>>
  }
  t.match(paths['/todo']?.post?.responses, { 409: { description: /maximum number/ } })
})

t.test('the OpenAPI document describes forms, the location of a new to-do and the conflicts', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const { paths, components, tags } = (await app.inject('/openapi.json')).json()
  for (const name of ['NewTodo', 'Todo', 'TodoChanges']) t.ok(components.schemas[name], name)
  t.match(tags[0], { name: 'to-dos' })
  const json = { schema: { $ref: '#/components/schemas/NewTodo' } }
  t.match(paths['/todo'].post, {
    requestBody: { content: { 'application/json': json, 'application/x-www-form-urlencoded': json } },
    responses: { 201: { headers: { Location: {} } }, 409: { description: /deleted.*maximum/ } },
  })
  t.match(paths['/todo'].get.responses, { 200: { description: 'A page of to-dos', headers: { Link: {} } } })
})
