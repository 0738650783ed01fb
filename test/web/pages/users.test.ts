import t from 'tap'
import { otherApi } from '../../helpers/other-api.ts'
import { loggedIn, startWebApp } from '../../helpers/web-app.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const post = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) })
const names = (html: string) =>
  [...html.matchAll(/<a href="\/admin\/users\/\d+">([^<]*)</g)].map(([, name]) => name)

t.test('an administrator finds users and sees one of them', async (t) => {
  const { url } = await startWebApp(t)
  const [member, admin] = [await loggedIn(url, 'member'), await loggedIn(url, 'admin')]
  await loggedIn(url, 'member')
  t.equal((await member.visit(`${url}/admin/users`)).status, 403)
  await member.visit(`${url}/todos`, post({ title: 'private', date: '' })) // part: todos
  const list = await admin.visit(`${url}/admin/users`)
  t.strictSame(names(list.text), ['member@example.com', 'admin@example.com'])
  const found = await admin.visit(`${url}/admin/users?search=MEM`)
  t.strictSame(names(found.text), ['member@example.com'])
  t.match(found.text, 'value="MEM"')
  t.match(
    (await admin.visit(`${url}/admin/users?search=unknown`)).text,
    'No user has an email address or a name that begins with this text.',
  )
  t.match((await admin.visit(`${url}/admin/users?cursor=9`)).text, 'You have reached the end of the users.')

  const { text } = await admin.visit(`${url}/admin/users/1`)
  t.match(text, '<h1>member@example.com</h1>')
  t.match(text, '<dt>To-dos</dt><dd>1</dd>') // part: todos
  t.equal(text.match(/Since <time/g)?.length, 2)
  t.notMatch(text, 'private')
  t.equal((await admin.visit(`${url}/admin/users/99`)).status, 404)
})

t.test('an action needs the address of the user as confirmation, and is in the audit log', async (t) => {
  const { url } = await startWebApp(t)
  const [member, admin] = [await loggedIn(url, 'member'), await loggedIn(url, 'admin')]
  t.match((await admin.visit(`${url}/admin/audit`)).text, 'No actions in the last 90 days.')
  for (const action of ['delete', 'end-sessions']) {
    const { status, text } = await admin.visit(`${url}/admin/users/1`, post({ action, confirmation: '<b>' }))
    t.equal(status, 400)
    t.match(
      text,
      new RegExp(`id="confirm-${action}" name="confirmation" value="&lt;b&gt;"[^>]*aria-invalid="true"`),
    )
    t.equal(text.match(/This is not the text above/g)?.length, 1)
  }
  t.equal((await admin.visit(`${url}/admin/users/1`, post({ action: 'other' }))).status, 400)
  t.equal((await member.visit(`${url}/profile`)).status, 200)

  const confirmation = ' member@example.com '
  const ended = await admin.visit(`${url}/admin/users/1`, post({ action: 'end-sessions', confirmation }))
  t.strictSame([ended.status, ended.headers.get('location')], [303, '/admin/users/1'])
  t.equal((await member.visit(`${url}/profile`)).status, 302)
  t.match((await admin.visit(`${url}/admin/users/1`)).text, 'This user is not signed in to the web app.')
  const deleted = await admin.visit(`${url}/admin/users/1`, post({ action: 'delete', confirmation }))
  t.strictSame([deleted.status, deleted.headers.get('location')], [303, '/admin/users'])
  t.equal((await admin.visit(`${url}/admin/users/1`)).status, 404)
  const again = await admin.visit(`${url}/admin/users/1`, post({ action: 'delete', confirmation }))
  t.equal(again.status, 404, 'in another tab')
  t.match(
    (await admin.visit(`${url}/admin/audit`)).text,
    /deleted the user auth0\|.*signed out everywhere the user auth0\|/s,
  )
})

t.test('other users get no access and no links', async (t) => {
  const { url } = await startWebApp(t)
  const [admin, reader] = [await loggedIn(url, 'admin'), await loggedIn(url, 'reader')]
  t.match(admin.page.text, /href="\/admin\/users".*href="\/admin\/audit"/s)
  t.notMatch(reader.page.text, /href="\/admin/)
  const confirmation = 'admin@example.com'
  for (const [path, init] of [
    ['/admin/users', {}],
    ['/admin/users/1', {}],
    ['/admin/users/1', post({ action: 'delete', confirmation })],
    ['/admin/users/1', post({ action: 'end-sessions', confirmation })],
    ['/admin/audit', {}],
  ] as const) {
    const { status, text } = await reader.visit(`${url}${path}`, init)
    t.equal(status, 403, path)
    t.match(text, /You don&#39;t have access to this resource/)
  }
  t.equal((await admin.visit(`${url}/profile`)).status, 200)
})

t.test('a caller who may only read users sees no actions', async (t) => {
  const api = await otherApi(t)
  const { url, web } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  web.accessClaims = { scope: 'read:users' }
  const browser = await loggedInAt({ url }, web)
  const user = {
    id: 1,
    issuer: 'i',
    subject: 'client@clients',
    email: null,
    emailVerified: null,
    name: null,
    createdAt: '2026-11-21T10:00:00.000Z',
    lastSeenAt: null,
  }
  api.answer = ({ url: path = '' }, response) => {
    const body = path.endsWith('/sessions') ? [] : path.endsWith('/1') ? user : undefined
    if (body === undefined) response.statusCode = 404
    response.end(JSON.stringify(body ?? { code: 'not_found', message: 'Not Found' }))
  }
  const { status, text } = await browser.visit(`${url}/admin/users/1`)
  t.equal(status, 200)
  t.match(text, '<h1>client@clients</h1>')
  t.notMatch(text, 'Delete the user')
  t.notMatch(text, '<dt>To-dos<', 'the API has none') // part: todos
  const confirmed = post({ action: 'end-sessions', confirmation: 'client@clients' })
  t.equal((await browser.visit(`${url}/admin/users/1`, confirmed)).status, 303, 'the subject confirms')
  // part: todos
  const { answer } = api
  api.answer = (request, response) => {
    if (request.url?.endsWith('/todos/count'))
      response.writeHead(403).end('{"code":"insufficient_scope","message":"m"}')
    else answer(request, response)
  }
  t.equal((await browser.visit(`${url}/admin/users/1`)).status, 403)
  // end
  api.answer = (_request, response) =>
    response.end(JSON.stringify([user, { ...user, email: 'unverified@example.com' }]))
  t.strictSame(names((await browser.visit(`${url}/admin/users`)).text), [
    'client@clients',
    'unverified@example.com',
  ])
  api.answer = (_request, response) =>
    response.writeHead(200, { link: '</api/users?limit=50&cursor=50>; rel="next"' }).end('[]')
  const page = await browser.visit(`${url}/admin/users?search=a%26b`)
  t.match(page.text, 'href="/admin/users?search=a%26b&amp;cursor=50"')
})

t.test('a login with an access token that only the issuer can read offers no administration', async (t) => {
  const { url, web } = await startWithIssuer(t)
  web.response = { access_token: 'opaque' }
  const browser = await loggedInAt({ url }, web)
  const { status, text } = await browser.visit(`${url}/profile`)
  t.equal(status, 200)
  t.notMatch(text, /href="\/admin/)
})
