import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { startWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

const MARKUP = `"'><img/src=x/onerror=alert(1)><script>alert(2)</script>&lt;<%=7*7%>`

inBrowser(t, 'to-dos in a browser', async (t, browser) => {
  const { url } = await startWebApp(t)

  for (const [name, javaScriptEnabled] of [
    ['member', true],
    ['reader', false],
    ['admin', true],
  ] as const) {
    t.test(
      `are added, changed and deleted by ${name}, ${javaScriptEnabled ? 'with' : 'without'} scripts`,
      async (t) => {
        const { page, consoleErrors } = await arrive(t, browser, javaScriptEnabled)
        const visitor = new Visitor(page)
        await visitor.logIn(url, name, '/todos')
        await page.getByText('You have no to-dos yet').waitFor()
        await page.getByLabel('Title').fill(MARKUP)
        await page.getByLabel('Date').fill('2026-12-24')
        await page.keyboard.press('Enter')
        const item = page.locator('.rows li')
        await item.waitFor()
        t.equal(await item.locator('.row-title').textContent(), MARKUP)
        t.equal(await item.locator('time').textContent(), '2026-12-24')
        t.equal(await page.locator('main script, main img').count(), 0)

        await item.getByRole('link', { name: 'Edit' }).click()
        t.equal(await page.getByLabel('Title').inputValue(), MARKUP)
        await page.getByLabel('Title').fill('feed the cat')
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByText('feed the cat').waitFor()
        await page.getByRole('button', { name: 'Delete' }).click()
        await page.getByText('You have no to-dos yet').waitFor()
        t.strictSame(consoleErrors, [])
      },
    )
  }

  t.test('that are not valid show a fault, to which the focus moves', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page } = visitor
    await visitor.logIn(url, 'member', '/todos')
    const title = page.getByLabel('Title')
    await title.fill('   ')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByText('Enter a title of 1 to 1000 characters.').waitFor()
    t.equal(await page.evaluate('document.querySelector("[aria-invalid]:focus").id'), 'title')
    t.equal(await title.inputValue(), '   ')
  })

  t.test('that another tab has deleted are not found, and those of other users neither', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, context } = visitor
    await visitor.logIn(url, 'member', '/todos')
    await page.getByLabel('Title').fill('in two tabs')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Save' }).waitFor()
    const address = page.url()

    const other = await Visitor.arrive(t, browser)
    await other.logIn(url, 'reader', '/todos')
    await other.page.goto(address)
    t.equal(await other.heading(), 'Page not found')

    const tab = await context.newPage()
    await tab.goto(`${url}/todos`)
    await tab.getByRole('button', { name: 'Delete' }).click()
    await tab.getByText('You have no to-dos yet').waitFor()
    await page.getByLabel('Title').fill('too late')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Page not found').waitFor()
    await tab.reload()
    await tab.getByText('You have no to-dos yet').waitFor()
  })

  t.test('are not changed by a form of another site', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page } = visitor
    await visitor.logIn(url, 'member', '/todos')
    await page.route('http://evil.localhost/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${url}/todos"><input name="title" value="forged"><button>Win a prize</button></form>`,
      }),
    )
    await page.goto('http://evil.localhost/')
    await page.getByRole('button', { name: 'Win a prize' }).click()
    await page.waitForURL((address) => address.href.startsWith(url))
    await page.goto(`${url}/todos`)
    await page.getByText('You have no to-dos yet').waitFor()
  })
})

async function arrive(t: Test, browser: Browser, javaScriptEnabled: boolean) {
  const context = await browser.newContext({ javaScriptEnabled })
  t.teardown(() => context.close())
  return new Visitor(await context.newPage())
}
