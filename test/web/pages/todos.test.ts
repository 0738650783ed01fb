import t from 'tap'
import { otherApi } from '../../helpers/other-api.ts'
import { loggedIn, startWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const post = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) })
const titles = (html: string) =>
  [...html.matchAll(/class="row-title"[^>]*>([^<]*)</g)].map(([, title]) => title)

t.test('a user adds, lists, edits and deletes to-dos', async (t) => {
  const { url } = await startWebApp(t)
  const browser = await loggedIn(url, 'member')
  t.match((await browser.visit(`${url}/todos`)).text, 'You have no to-dos yet.')
  const added = await browser.visit(
    `${url}/todos`,
    post({ title: '  water <b>plants</b> ', date: '2026-11-21' }),
  )
  t.strictSame([added.status, added.headers.get('location')], [303, '/todos#todo-1'])
  const { text } = await browser.visit(`${url}/todos`)
  t.strictSame(titles(text), ['water &lt;b&gt;plants&lt;/b&gt;'])
  t.match(text, '<time datetime="2026-11-21">2026-11-21</time>')
  const today = () => new Date().toISOString().slice(0, 10)
  const days = [today()]
  await browser.visit(`${url}/todos`, post({ title: 'today', date: '' }))
  days.push(today()) // it may be midnight
  t.match((await browser.visit(`${url}/todos`)).text, new RegExp(`<time datetime="(${days.join('|')})">`))

  const form = await browser.visit(`${url}/todos/1`)
  t.match(form.text, 'value="water &lt;b&gt;plants&lt;/b&gt;"')
  const change = { title: 'feed the cat', date: '2026-12-24' }
  const saved = await browser.visit(`${url}/todos/1`, post({ ...change, action: 'save' }))
  t.strictSame([saved.status, saved.headers.get('location')], [303, '/todos#todo-1'])
  t.strictSame(titles((await browser.visit(`${url}/todos`)).text), ['feed the cat', 'today'])
  const deleted = await browser.visit(`${url}/todos/1`, post({ action: 'delete' }))
  t.strictSame([deleted.status, deleted.headers.get('location')], [303, '/todos'])
  t.strictSame(titles((await browser.visit(`${url}/todos`)).text), ['today'])
})

t.test('faults are beside their fields, and nothing the user entered is lost', async (t) => {
  const { url } = await startWebApp(t, { TODOS_PER_USER_MAX: '1' })
  const browser = await loggedIn(url, 'member')
  const faultOf = (html: string, field: string) =>
    new RegExp(
      `name="${field}"[^>]*aria-describedby="${field}-fault"[^>]*>\\s*<p class="fault" id="${field}-fault">([^<]*)<`,
    ).exec(html)?.[1]

  const add = await browser.visit(`${url}/todos`, post({ title: ' ', date: '2026-02-30' }))
  t.equal(add.status, 400)
  t.equal(faultOf(add.text, 'title'), 'Enter a title of 1 to 1000 characters.')
  t.equal(faultOf(add.text, 'date'), 'Enter a date.')
  t.match(add.text, 'value="2026-02-30"')

  await browser.visit(`${url}/todos`, post({ title: 'one', date: '' }))
  const full = await browser.visit(`${url}/todos`, post({ title: 'two', date: '' }))
  t.equal(full.status, 409)
  t.match(full.text, /role="alert">The maximum number of these resources is reached; delete one first\.</)
  t.match(full.text, 'value="two"')

  const edit = await browser.visit(
    `${url}/todos/1?cursor=7`,
    post({ title: 'x'.repeat(1001), date: '', action: 'save' }),
  )
  t.equal(edit.status, 400)
  t.ok(faultOf(edit.text, 'title'))
  t.ok(faultOf(edit.text, 'date'))
  t.match(edit.text, 'action="/todos/1?cursor=7"')
  for (const fields of [{ action: 'burn' }, { title: 'a' }, {}])
    t.equal((await browser.visit(`${url}/todos/1`, post(fields as Record<string, string>))).status, 400)
  t.strictSame(titles((await browser.visit(`${url}/todos`)).text), ['one'])
})

t.test('long lists have pages', async (t) => {
  const { url } = await startWebApp(t)
  const browser = await loggedIn(url, 'member')
  for (let i = 1; i <= 51; i++) await browser.visit(`${url}/todos`, post({ title: `number ${i}`, date: '' }))
  t.match(browser.page.headers.get('location'), '/todos?cursor=50#todo-51', 'a new to-do is shown')
  const first = await browser.visit(`${url}/todos`)
  t.equal(titles(first.text).length, 50)
  t.match(first.text, 'href="/todos?cursor=50" rel="next"')
  t.notMatch(first.text, 'First page')
  const second = await browser.visit(`${url}/todos?cursor=50`)
  t.strictSame(titles(second.text), ['number 51'])
  t.notMatch(second.text, 'rel="next"')
  t.match(second.text, /href="\/todos">First page</)
  const saved = await browser.visit(
    `${url}/todos/51?cursor=50`,
    post({ title: 'last', date: '2026-11-21', action: 'save' }),
  )
  t.equal(saved.headers.get('location'), '/todos?cursor=50#todo-51')
  await browser.visit(`${url}/todos/51?cursor=50`, post({ action: 'delete' }))
  t.equal(browser.page.headers.get('location'), '/todos?cursor=50')
  t.match((await browser.visit(`${url}/todos?cursor=50`)).text, 'You have reached the end of your to-dos.')
})

t.test('a to-do of another user, or one that another tab has deleted, is a page with 404', async (t) => {
  const { url } = await startWebApp(t)
  const [member, reader] = [await loggedIn(url, 'member'), await loggedIn(url, 'reader')]
  await member.visit(`${url}/todos`, post({ title: 'private', date: '' }))
  const fields = { title: 'stolen', date: '2026-11-21' }
  for (const init of [{}, post({ ...fields, action: 'save' }), post({ action: 'delete' })]) {
    const { status, text } = await reader.visit(`${url}/todos/1`, init)
    t.equal(status, 404)
    t.match(text, 'Page not found')
    t.notMatch(text, 'private')
  }
  t.strictSame(titles((await member.visit(`${url}/todos`)).text), ['private'])
  await member.visit(`${url}/todos/1`, post({ action: 'delete' }))
  t.equal((await member.visit(`${url}/todos/1`, post({ ...fields, action: 'save' }))).status, 404)
  t.equal((await member.visit(`${url}/todos/none`)).status, 404)
})

t.test('visitors are redirected to the login and back, also by a form', async (t) => {
  const { url } = await startWebApp(t)
  const visitor = new WebBrowser()
  for (const init of [{}, post({ title: 'a', date: '' })]) {
    const { status, headers } = await visitor.visit(`${url}/todos?cursor=5`, init)
    t.strictSame([status, headers.get('location')], [302, '/login?returnTo=%2Ftodos%3Fcursor%3D5'])
  }
})

t.test('a form of another site changes nothing', async (t) => {
  const { url } = await startWebApp(t)
  const browser = await loggedIn(url, 'member')
  for (const headers of [{ 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }]) {
    const { status, text } = await browser.visit(`${url}/todos`, {
      ...post({ title: 'forged', date: '' }),
      headers,
    })
    t.equal(status, 403)
    t.match(text, 'The request comes from another site.')
  }
  t.strictSame(titles((await browser.visit(`${url}/todos`)).text), [])
})

t.test('a to-do that is saved leads to the list, also when the API does not show the list', async (t) => {
  const api = await otherApi(t)
  const { url, web } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  const browser = await loggedInAt({ url }, web)
  api.answer = (request, response) =>
    request.method === 'POST'
      ? response.end(JSON.stringify({ id: 7, title: 'a', date: '2026-11-21' }))
      : response.writeHead(403).end(JSON.stringify({ code: 'insufficient_scope', message: 'm' }))
  const { status, headers } = await browser.visit(`${url}/todos?cursor=3`, post({ title: 'a', date: '' }))
  t.strictSame([status, headers.get('location')], [303, '/todos?cursor=3#todo-7'])
})
