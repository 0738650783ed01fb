import { join } from 'node:path'
import t from 'tap'
import { tenantFor } from '../../dev/helpers/tenant.ts'
import { listen } from '../../helpers/app.ts'
import { inBrowser } from '../../helpers/browser.ts'
import { freePort } from '../../helpers/free-port.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { inTenant, listenAsWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

inBrowser(t, 'a step-up in a browser', async (t, browser) => {
  const port = await freePort()
  const tenant = await tenantFor(t, `http://localhost:${port}`)
  const routes = join(import.meta.dirname, '../../fixtures/step-up')
  const api = await listen(t, { url: tenant.issuer }, inTenant({}, { routes }))
  const { url } = await listenAsWebApp(
    t,
    { url: tenant.issuer },
    inTenant({ API_SERVER_URL: api.url, ADMIN_MAX_AGE_SECONDS: '3600' }),
    port,
  )

  t.test('a user enters a PIN for a page that requires it, and returns to the page', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, consoleErrors } = visitor
    await visitor.logIn(url, 'reader')
    await page.getByRole('link', { name: 'Protected', exact: true }).click()
    await page.waitForURL(`${tenant.issuer}u/**`)
    t.equal(await visitor.heading(), 'Enter your PIN')
    await page.getByLabel('PIN').fill('1111')
    await page.locator('form button').click()
    t.equal(await page.getByRole('alert').textContent(), 'Wrong PIN.')
    await page.getByLabel('PIN').fill('2468')
    await page.locator('form button').click()
    await page.waitForURL(`${url}/protected`)
    t.strictSame((await visitor.box()).code, { text: 'This needs a PIN.' })

    await page.goto(`${url}/admin`)
    t.strictSame((await visitor.box()).code, { text: 'This needs no PIN.' })
    t.strictSame(
      consoleErrors.filter((error) => !error.includes('400')),
      [],
    )
  })
})
