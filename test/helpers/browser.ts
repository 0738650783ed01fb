import type { Page } from 'playwright-core' // part: web-app
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Keeps the back/forward cache on, as in browsers of users. */
const OMITTED = ['--disable-back-forward-cache']

/**
 * Runs the test with the system's Chromium, or that of CHROMIUM_PATH. Without Chromium the test is skipped visibly; in CI
 * it fails.
 */
export function inBrowser(t: Test, title: string, run: (t: Test, browser: Browser) => Promise<void>): void {
  t.test(title, async (t) => {
    const browser = await launch(t)
    if (browser) await run(t, browser)
  })
}

async function launch(t: Test): Promise<Browser | undefined> {
  const { CHROMIUM_PATH, CI } = process.env
  try {
    const executablePath = CHROMIUM_PATH || '/usr/bin/chromium'
    const browser = await chromium.launch({ executablePath, args: ARGUMENTS, ignoreDefaultArgs: OMITTED })
    t.teardown(() => browser.close())
    return browser
  } catch (error) {
    if (CI) throw error
    t.pass('', { skip: `no Chromium: ${(error as Error).message.split('\n')[0]}` })
    return undefined
  }
}

// part: web-app
/** Collects errors of scripts and of blocked or missing files from now on, but not the status of the page itself. */
export function consoleErrorsOf(page: Page): string[] {
  const consoleErrors: string[] = []
  page.on('pageerror', ({ message }) => consoleErrors.push(message))
  page.on('console', (message) => {
    const isOwnStatus = message.text().startsWith('Failed to load') && message.location().url === page.url()
    if (['error', 'warning'].includes(message.type()) && !isOwnStatus) consoleErrors.push(message.text())
  })
  return consoleErrors
}
// end
