import t from 'tap'
import { api, tenantFor } from '../../dev/helpers/tenant.ts'
import { buildApp } from '../../helpers/app.ts'
import { inBrowser } from '../../helpers/browser.ts'
import { freePort } from '../../helpers/free-port.ts'

inBrowser(t, 'the API reference logs in by one click, and sends requests as proposed', async (t, browser) => {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const tenant = await tenantFor(t, url)
  const environment = { AUTH0_AUDIENCE: api, BASE_URL: url, DOCS_CLIENT_ID: 'gatehouse-docs' }
  const service = await buildApp(t, { url: tenant.issuer }, { environment })
  await service.listen({ port })

  const page = await browser.newPage({ viewport: { width: 1300, height: 3000 } }) // shows what is below as well
  await page.goto(`${url}/docs`)
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Authorize' }).click()
  const popup = await opened
  await popup.getByLabel('Email address').fill('reader@example.com')
  await popup.getByLabel('Password').fill('reader-password')
  await popup.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('Access Token:').first().waitFor()

  const send = async (operation: string, summary: string) => {
    const [, path] = operation.split(' ')
    await page.getByText(summary).first().click() // in the menu; the page shows what is chosen there
    await page.getByRole('button', { name: `Test Request (${operation})` }).click()
    const answered = page.waitForResponse((response) => response.url().startsWith(`${url}${path}`))
    await page.getByRole('button', { name: 'Send' }).first().click()
    const status = (await answered).status()
    await page.keyboard.press('Escape')
    return status
  }
  await page.getByRole('button', { name: 'Open Group - caller' }).click()
  t.equal(await send('get /api/me', 'Get the claims of the token'), 200)
  // part: todos
  t.equal(await send('post /todo', 'Create a to-do'), 201)
  t.equal(await send('get /todo', 'List to-dos'), 200)
  // end
})
