import t from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { NARROW, Visitor } from '../../helpers/visitor.ts'
import { startWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

const loggedOut = ['Public', 'Sign Up', 'Log In']
const loggedIn = [
  'To-dos', // part: todos
  ...['Public', 'Protected', 'Profile', 'Sessions', 'Log Out'],
]
const denied = {
  statusCode: 403,
  code: 'insufficient_permissions',
  error: 'Forbidden',
  message: 'Permission denied',
}

inBrowser(t, 'the web app and the tenant in a browser', async (t, browser) => {
  const { url, tenant } = await startWebApp(t)

  t.test('a user signs up, sees the profile and the messages of the API, and logs out', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, consoleErrors } = visitor
    const follow = async (name: string, path: string) => {
      await page.getByRole('link', { name, exact: true }).click()
      await page.waitForURL(`${url}${path}`)
    }
    await page.goto(url)
    t.strictSame(await visitor.navigation(), loggedOut)
    await page.getByRole('link', { name: 'Sign Up' }).click()
    await page.waitForURL(`${tenant.issuer}**`)
    t.equal(await visitor.heading(), 'Sign up')
    await visitor.enterCredentials('new.comer@example.org', 'a-long-password')
    await page.waitForURL(`${url}/profile`)
    t.strictSame(await visitor.navigation(), loggedIn)
    t.equal(await page.locator('h2').textContent(), 'new.comer@example.org')
    const { code } = await visitor.box()
    const { sub, updated_at, ...claims } = code
    t.match(sub, /^auth0\|[0-9a-f]{24}$/)
    t.ok(Date.parse(String(updated_at)))
    t.strictSame(claims, {
      nickname: 'new.comer',
      name: 'new.comer@example.org',
      picture: `${tenant.issuer}picture/n.svg`,
      email: 'new.comer@example.org',
      email_verified: false,
    })

    await follow('Public', '/public')
    const message = (kind: string) => ({
      caption: `GET /api/messages/${kind.split(' ').at(-1)}: 200 OK`,
      code: { text: `This is ${kind} message.` },
    })
    t.strictSame(await visitor.box(), message('a public'))
    await follow('Protected', '/protected')
    t.strictSame(await visitor.box(), message('a protected'))
    await page.goto(`${url}/admin`)
    t.strictSame(await visitor.box(), { caption: 'GET /api/messages/admin: 403 Forbidden', code: denied })
    await page.goto(`${url}/nowhere`)
    t.equal(await visitor.heading(), 'Page not found')
    t.strictSame(await visitor.navigation(), loggedIn)

    await visitor.logOut(url)
    t.strictSame(await visitor.navigation(), loggedOut)
    t.strictSame(consoleErrors, [])
  })

  t.test('a page that requires login is shown after the login', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, consoleErrors } = visitor
    await page.goto(`${url}/admin`)
    t.match(page.url(), tenant.issuer)
    t.equal(await visitor.heading(), 'Log in')
    await visitor.enterCredentials('admin@example.com', 'a-wrong-password')
    await page.getByRole('alert').waitFor()
    await visitor.enterCredentials('admin@example.com', 'admin-password')
    await page.waitForURL(`${url}/admin`)
    t.strictSame(await visitor.box(), {
      caption: 'GET /api/messages/admin: 200 OK',
      code: { text: 'This is an admin message.' },
    })
    t.equal(await page.locator('[aria-current]').textContent(), 'Admin')
    t.strictSame(consoleErrors, [])
  })

  t.test('after logout the back button leads to the login and shows no private page', async (t) => {
    for (const [last, steps] of [
      ['/profile', 1],
      ['/protected', 1],
      ['/protected', 2],
      ['/public', 2],
    ] as const) {
      const visitor = await Visitor.arrive(t, browser)
      const { page } = visitor
      await page.goto(url)
      await visitor.logIn(url, 'member')
      if (last !== '/profile') await page.goto(`${url}${last}`)
      await visitor.logOut(url)
      await page.evaluate(`history.go(-${steps})`)
      await page.waitForURL(`${tenant.issuer}u/*`)
      t.equal(await visitor.heading(), 'Log in', `${steps} back from ${last}`)
    }
  })

  t.test('a login over the session of another user replaces it', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, context, consoleErrors } = visitor
    await visitor.logIn(url, 'reader')
    t.match((await visitor.box()).code, { email: 'reader@example.com' })
    const before = await visitor.sessionCookie(url)
    await context.clearCookies({ name: /^tenant/ }) // logs out of the tenant only
    await visitor.logIn(url, 'admin')
    t.match((await visitor.box()).code, { email: 'admin@example.com' })
    t.not((await visitor.sessionCookie(url))?.value, before?.value)
    t.notMatch(await page.content(), 'reader@example.com')
    t.strictSame(consoleErrors, [])
  })

  t.test('on a narrow screen the menu leads to every page', async (t) => {
    const visitor = await Visitor.arrive(t, browser, NARROW)
    const { page, consoleErrors } = visitor
    const choose = async (role: 'link' | 'button', name: string, target: string) => {
      t.notOk(await page.locator('#menu').isVisible())
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.locator('#menu').getByRole(role, { name }).click()
      await page.waitForURL(target)
    }
    await page.goto(url)
    await choose('link', 'Public', `${url}/public`)
    await choose('link', 'Log In', `${tenant.issuer}**`)
    await visitor.enterCredentials('member@example.com', 'member-password')
    await page.waitForURL(`${url}/profile`)
    t.match((await visitor.box()).code, { email: 'member@example.com' })
    await choose('link', 'Protected', `${url}/protected`)
    t.match((await visitor.box()).code, { text: 'This is a protected message.' })
    await choose('button', 'Log Out', `${url}/`)
    t.strictSame(await visitor.navigation(), loggedOut)
    t.strictSame(consoleErrors, [])
  })
})
