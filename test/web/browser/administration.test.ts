import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { startWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

for (const javaScriptEnabled of [true, false]) {
  const scripts = javaScriptEnabled ? 'with' : 'without'

  inBrowser(t, `administration in a browser ${scripts} scripts`, async (t, browser) => {
    const { url } = await startWebApp(t)

    t.test('an administrator finds a user, ends the sessions and deletes the user', async (t) => {
      const member = await arrive(t, browser, javaScriptEnabled)
      await member.logIn(url, 'member')
      t.notOk((await member.navigation()).some((name) => ['Users', 'Audit', 'Admin'].includes(name)))
      await member.page.goto(`${url}/admin/users`)
      await member.page.getByText("You don't have access to this resource.").waitFor()

      const admin = await arrive(t, browser, javaScriptEnabled)
      const { page, consoleErrors } = admin
      await admin.logIn(url, 'admin')
      await page.locator('#menu').getByRole('link', { name: 'Users' }).click()
      await page.getByLabel('Email address or name begins with').fill('member')
      await page.getByRole('button', { name: 'Search' }).click()
      await page.getByRole('link', { name: 'member@example.com' }).click()
      const end = page.getByRole('form', { name: 'Sign out everywhere' })
      await end.getByRole('textbox').fill('mistyped')
      await end.getByRole('button').click()
      await page.getByText('This is not the text above.').waitFor()
      await end.getByRole('textbox').fill('member@example.com')
      await end.getByRole('button').click()
      await page.getByText('This user is not signed in to the web app.').waitFor()
      await member.page.goto(`${url}/sessions`)
      t.equal(logins(member), 2, 'the member must log in again')

      const remove = page.getByRole('form', { name: 'Delete the user' })
      await remove.getByRole('textbox').fill('member@example.com')
      await remove.getByRole('button').click()
      await page.waitForURL(`${url}/admin/users`)
      t.equal(await page.getByRole('link', { name: 'member@example.com' }).count(), 0)
      await page.locator('#menu').getByRole('link', { name: 'Audit' }).click()
      await page.getByText('deleted the user').waitFor()
      t.equal(await page.locator('.rows li').count(), 2)
      t.strictSame(consoleErrors, [])
    })

    t.test('a user ends sessions in other browsers', async (t) => {
      const [here, there] = [
        await arrive(t, browser, javaScriptEnabled),
        await arrive(t, browser, javaScriptEnabled),
      ]
      for (const visitor of [here, there]) await visitor.logIn(url, 'reader')
      await here.page.goto(`${url}/sessions`)
      t.equal(await here.page.locator('.rows li').count(), 2)
      await here.page.getByText('Chrome on Linux (this browser)').waitFor()
      await here.page.getByRole('button', { name: 'End', exact: true }).click()
      await here.page.getByText('You are not signed in anywhere else.').waitFor()
      await there.page.goto(`${url}/profile`)
      t.equal(logins(there), 2)
      t.strictSame(here.consoleErrors, [])
    })
  })
}

async function arrive(t: Test, browser: Browser, javaScriptEnabled: boolean) {
  const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1280, height: 800 } })
  t.teardown(() => context.close())
  return new Visitor(await context.newPage())
}

/** Number of logins that the browser began. */
function logins({ addresses }: Visitor): number {
  return addresses.filter(({ pathname }) => pathname === '/login').length
}
