import { chromium, type Page } from 'playwright-core'

/**
 * `npm run pictures`: takes new screenshots for README.md and docs/web-app.md of the service that `npm start` runs, at its
 * default port or at the address of the argument. Uses the system's Chromium, or that of CHROMIUM_PATH.
 */
const [service = 'http://localhost:3000'] = process.argv.slice(2)
const folder = `${import.meta.dirname}/../docs/pictures`
const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'

const pages = {
  home: '/',
  profile: '/profile',
  protected: '/protected',
  sessions: '/sessions',
  // part: todos
  todos: '/todos',
  todo: '/todos/1',
  // end
  users: '/admin/users',
  user: '/admin/users/1',
  audit: '/admin/audit',
  'not-found': '/nowhere',
  docs: '/docs',
}

const themes = ['light', 'dark'] as const

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 0.5 })
try {
  await page.goto(`${service}/login?returnTo=/profile`)
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme })
    await take(`login-${theme}`)
  }
  await logIn(page, 'admin')
  // part: todos
  await page.goto(`${service}/todos`)
  for (const title of ['water the plants', 'feed the cat']) {
    await page.getByLabel('Title').fill(title)
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByText(title).waitFor()
  }
  // end
  await signOutEverywhere('reader')
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme })
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${service}${path}`, { waitUntil: 'networkidle' })
      await take(`${name}-${theme}`)
    }
  }
  await page.setViewportSize({ width: 400, height: 800 })
  await page.goto(service)
  await page.getByRole('button', { name: 'Menu' }).click()
  await take('menu')
} finally {
  await browser.close()
}

/** Logs in with a throwaway account at the login page. */
async function logIn(on: Page, name: string): Promise<void> {
  await on.getByLabel('Email address').fill(`${name}@example.com`)
  await on.getByLabel('Password').fill(`${name}-password`)
  await on.locator('form button').click()
  await on.waitForURL(`${service}/profile`)
}

/** Fills the audit log: ends the sessions of another user, who logs in before. */
async function signOutEverywhere(name: string): Promise<void> {
  const context = await browser.newContext()
  const other = await context.newPage()
  await other.goto(`${service}/login?returnTo=/profile`)
  await logIn(other, name)
  await context.close()
  await page.goto(`${service}/admin/users?search=${name}`)
  await page.getByRole('link', { name: `${name}@example.com` }).click()
  const form = page.getByRole('form', { name: 'Sign out everywhere' })
  await form.getByRole('textbox').fill(`${name}@example.com`)
  await form.getByRole('button').click()
  await page.getByText('This user is not signed in').waitFor()
}

async function take(name: string): Promise<void> {
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' })
}
