import { chromium } from 'playwright-core'

/**
 * `npm run pictures`: takes new screenshots for the README of the service that `npm start` runs at its default port. Uses
 * the system's Chromium, or that of CHROMIUM_PATH.
 */
const service = 'http://localhost:3000'
const folder = `${import.meta.dirname}/../docs/pictures`
const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 0.5 })
try {
  await page.goto(service)
  await take('home')
  await page.goto(`${service}/login`)
  await page.getByLabel('Email address').fill('reader@example.com')
  await page.getByLabel('Password').fill('reader-password')
  await page.locator('form button').click()
  await page.waitForURL(`${service}/profile`)
  await take('profile')
  await page.setViewportSize({ width: 400, height: 800 })
  await page.getByRole('button', { name: 'Menu' }).click()
  await take('menu')
} finally {
  await browser.close()
}

async function take(name: string): Promise<void> {
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' })
}
