import type { Page } from 'playwright-core'
import t from 'tap'
import { api, authorizeUrl, tenantFor } from '../../dev/helpers/tenant.ts'
import { listen } from '../../helpers/app.ts'
import { consoleErrorsOf, inBrowser } from '../../helpers/browser.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { assertAccessible } from './axe.ts'

t.setTimeout(600_000)

/** Rules that the markup of the API reference, a package, violates. */
const ofPackage = [
  'aria-input-field-name', // its fields for the login are editors without a name
  'aria-required-attr', // they have the role combobox without aria-expanded
  'button-name', // its buttons to copy and to open a section have an icon only
]

inBrowser(t, 'axe-core finds no violation in the pages of the local tenant', async (t, browser) => {
  const tenant = await tenantFor(t)
  const page = await browser.newPage()
  const consoleErrors = consoleErrorsOf(page)
  const submit = (button = 'Continue') => page.getByRole('button', { name: button, exact: true }).click()
  const test = async (heading: string, text = heading) => {
    await page.getByText(text).first().waitFor()
    t.equal(await page.locator('h1').textContent(), heading)
    await assertAccessible(t, page, `${heading}: ${text}`)
  }

  await page.goto(authorizeUrl(tenant, { screen_hint: 'signup' }))
  await test('Sign up')
  await page.goto(authorizeUrl(tenant, { acr_values: 'urn:gatehouse:pin' }))
  await test('Log in')
  await submit('Log in')
  await page.locator('[aria-invalid]').first().waitFor()
  await test('Log in', 'Throwaway accounts')
  await page.getByLabel('Email address').fill('reader@example.com')
  await page.getByLabel('Password').fill('reader-password')
  await submit('Log in')
  await test('Enter your PIN')
  await page.getByLabel('PIN').fill('1111')
  await submit()
  await test('Enter your PIN', 'Wrong PIN.')

  const body = new URLSearchParams({ client_id: 'gatehouse-native', audience: api, scope: 'openid' })
  const device = await fetch(`${tenant.issuer}oauth/device/code`, { method: 'POST', body })
  const { user_code: code } = (await device.json()) as { user_code: string }
  await page.goto(`${tenant.issuer}activate`)
  await test('Activate your device', 'Enter the code')
  await enterCode(page, 'WRNG-WRNG')
  await test('Activate your device', 'This code is not valid')
  await enterCode(page, code)
  await test('Activate your device', 'Does the device')

  await page.goto(`${tenant.issuer}oidc/logout`)
  await test('Log out', 'Log out of the local tenant?')
  await submit('Log out')
  await test('Logged out')
  await page.goto(`${tenant.issuer}nowhere`)
  await test('Something went wrong')
  t.strictSame(
    consoleErrors.filter((error) => !/status of 400/.test(error)),
    [],
  )
})

inBrowser(t, 'axe-core finds in the API reference only what its package violates', async (t, browser) => {
  const { url } = await listen(t, await TestIssuer.start(t))
  const page = await browser.newPage()
  const consoleErrors = consoleErrorsOf(page)
  const origins = new Set<string>()
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  await page.goto(`${url}/docs`)
  await page.getByRole('button', { name: 'Authorize' }).waitFor()
  await assertAccessible(t, page, 'API reference', ofPackage)
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.locator('body.light-mode').waitFor()
  const light = await ground()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('body.dark-mode').waitFor()
  t.not(await ground(), light, 'the theme follows the preference of the system')
  const fonts = await page.evaluate<string[]>(
    "document.fonts.ready.then((all) => [...all].filter((font) => font.status === 'loaded').map((font) => font.family))",
  )
  t.ok(fonts.length >= 2, fonts.join())
  t.strictSame([...origins], [url.replace(/\/$/, '')], 'nothing is requested elsewhere')
  t.strictSame(consoleErrors, [])
})

async function enterCode(page: Page, code: string): Promise<void> {
  await page.getByRole('textbox').fill(code)
  await page.getByRole('button', { name: 'Continue' }).click()
}
