import t from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { isCallback, startWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

inBrowser(t, 'logins in a browser', async (t, browser) => {
  const { url, tenant } = await startWebApp(t)

  t.test('two tabs log in one after the other, each to its page', async (t) => {
    const one = await Visitor.arrive(t, browser)
    const two = new Visitor(await one.context.newPage())
    await one.page.goto(`${url}/public`)
    await one.page.goto(`${url}/login?returnTo=/public`)
    await two.page.goto(`${url}/protected`)
    await two.enterCredentials('member@example.com', 'member-password')
    await two.page.waitForURL(`${url}/protected`)
    await one.enterCredentials('member@example.com', 'member-password')
    await one.page.waitForURL(`${url}/public`)
    for (const visitor of [one, two]) {
      await visitor.page.goto(`${url}/profile`)
      t.match((await visitor.box()).code, { email: 'member@example.com' })
      t.strictSame(visitor.consoleErrors, [])
    }
  })

  t.test('seven tabs that are restored at once can all log in', async (t) => {
    const first = await Visitor.arrive(t, browser)
    const others = await Promise.all(
      Array.from({ length: 6 }, async () => new Visitor(await first.context.newPage())),
    )
    const tabs = [first, ...others]
    await Promise.all(tabs.map(({ page }) => page.goto(`${url}/profile`)))
    for (const tab of tabs) {
      await tab.enterCredentials('member@example.com', 'member-password')
      await tab.page.waitForURL(`${url}/profile`)
      t.match((await tab.box()).code, { email: 'member@example.com' })
    }
  })

  t.test(
    'the address of the callback leads to the profile, and after the logout to an error page',
    async (t) => {
      const visitor = await Visitor.arrive(t, browser)
      const { page, addresses } = visitor
      await visitor.logIn(url, 'member', '/protected')
      const callback = addresses.find(isCallback)?.href ?? ''
      await page.goto(callback)
      t.equal(page.url(), `${url}/profile`)
      t.match((await visitor.box()).code, { email: 'member@example.com' })
      await visitor.logOut(url)
      const response = await page.goto(callback)
      t.equal(response?.status(), 400)
      await page.locator('main').getByRole('link', { name: 'Log In' }).click()
      await page.waitForURL(`${tenant.issuer}u/*`)
      t.equal(await visitor.heading(), 'Log in')
    },
  )

  t.test('a login at another name of this machine ends at BASE_URL', async (t) => {
    const { port } = new URL(url)
    const visitor = await Visitor.arrive(t, browser)
    const { page, addresses, context } = visitor
    await page.goto(`http://127.0.0.1:${port}/protected`)
    t.match(page.url(), tenant.issuer)
    await visitor.enterCredentials('member@example.com', 'member-password')
    await page.waitForURL(`${url}/protected`)
    t.match((await visitor.box()).code, { text: 'This is a protected message.' })
    t.strictSame(
      addresses.slice(0, 3).map(({ origin, pathname }) => `${origin}${pathname}`),
      [`http://127.0.0.1:${port}/protected`, `http://127.0.0.1:${port}/login`, `${url}/login`],
    )
    t.strictSame(await context.cookies(`http://127.0.0.1:${port}`), [], 'no cookie of the other host')
    t.strictSame(visitor.consoleErrors, [])
  })

  t.test('the back button after the logout shows no page of the user in any tab', async (t) => {
    const one = await Visitor.arrive(t, browser)
    const two = new Visitor(await one.context.newPage())
    await one.page.goto(url)
    await one.logIn(url, 'member')
    await two.page.goto(`${url}/protected`)
    await two.page.goto(`${url}/public`)
    await one.logOut(url)
    for (const visitor of [one, two]) {
      await visitor.page.evaluate('history.back()')
      await visitor.page.waitForURL(`${tenant.issuer}u/*`)
      t.equal(await visitor.heading(), 'Log in')
    }
  })
})
