import t, { type Test } from 'tap'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const MINUTE = 60_000

/** Moves the monotonic clock of this process, and restores it after the test. */
function moveMonotonicClock(t: Test) {
  const realNow = performance.now.bind(performance)
  let offsetMs = 0
  t.intercept(performance, 'now', { value: () => realNow() + offsetMs })
  return (ms: number) => {
    offsetMs = ms
  }
}

/** Starts the web app behind a proxy, with callbacks whose code is not valid. */
async function start(t: Test) {
  const { url, web } = await startWithIssuer(t, { TRUST_PROXY: '1' })
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const bogus = async (address: string, browser = new WebBrowser()) => {
    const callback = web.callback(await startLogin(browser, url), { code: 'guess' })
    return { browser, callback, page: await browser.visit(callback, from(address)) }
  }
  const statuses = async (addresses: string[]) => {
    const all: number[] = []
    for (const address of addresses) all.push((await bogus(address)).page.status)
    return all
  }
  return { url, web, from, bogus, statuses }
}

const times = <T>(count: number, value: T): T[] => Array(count).fill(value)

t.test('the cookie of one login causes one request to the issuer, however often it is sent', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const request = await startLogin(browser, url)
  const cookies = new Map(browser.cookies(url))
  const pages = await Promise.all(
    times(20, 0).map((_, index) => {
      const copy = new WebBrowser()
      for (const [name, value] of cookies) copy.cookies(url).set(name, value)
      return copy.visit(web.callback(request, { code: `guess-${index}` }))
    }),
  )
  t.notOk(pages.some(({ status }) => status === 302))
  t.equal(web.requests.length, 1)
})

t.test('twenty callbacks with bogus codes cause ten requests to the issuer in a minute', async (t) => {
  const { web, statuses } = await start(t)
  t.strictSame(await statuses(times(20, '192.0.2.1')), [...times(10, 400), ...times(10, 429)])
  t.equal(web.requests.length, 10)
})

t.test('callbacks at the same time do not exceed the quota', async (t) => {
  const { web, url, from } = await start(t)
  const browsers = times(20, 0).map(() => new WebBrowser())
  const requests = await Promise.all(browsers.map((browser) => startLogin(browser, url)))
  await Promise.all(
    browsers.map((browser, index) =>
      browser.visit(web.callback(requests[index] as URL, { code: 'guess' }), from('192.0.2.1')),
    ),
  )
  t.equal(web.requests.length, 10)
})

t.test('failed logins of one network do not prevent logins of another', async (t) => {
  const { url, web, statuses, from } = await start(t)
  await statuses(times(11, '2001:db8::1'))
  t.strictSame(await statuses(['2001:db8::2', '2001:db8:0:1::1', '192.0.2.1']), [429, 400, 400])
  const browser = new WebBrowser()
  const page = await browser.visit(web.callback(await startLogin(browser, url)), from('192.0.2.1'))
  t.equal(page.headers.get('location'), '/profile')
})

t.test('a rejected callback says when to retry, and can be completed then', async (t) => {
  const move = moveMonotonicClock(t)
  const { url, web, statuses, from } = await start(t)
  await statuses(times(10, '192.0.2.1'))
  const browser = new WebBrowser()
  const callback = web.callback(await startLogin(browser, url))
  const page = await browser.visit(callback, from('192.0.2.1'))
  t.equal(page.status, 429)
  t.match(page.headers.get('retry-after'), /^([1-5]?\d|60)$/)
  t.match(page.text, 'One moment')
  move(MINUTE + 1)
  t.equal((await browser.visit(callback, from('192.0.2.1'))).headers.get('location'), '/profile')
  t.strictSame(await statuses(times(11, '192.0.2.1')), [...times(10, 400), 429], 'a new quota')
})

t.test('successful logins and callbacks that are loaded again do not count', async (t) => {
  const { url, web } = await startWithIssuer(t)
  for (let login = 0; login < 12; login++) {
    const browser = await loggedInAt({ url }, web)
    t.equal(browser.page.status, 302)
    t.equal((await browser.visit(browser.page.url)).headers.get('location'), '/profile')
  }
})
