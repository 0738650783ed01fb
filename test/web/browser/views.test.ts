import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { listen } from '../../helpers/app.ts'
import { consoleErrorsOf, inBrowser } from '../../helpers/browser.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { ada, fixturePages, newFixture, webApp } from '../../helpers/pages.ts'

t.setTimeout(180_000)

const NARROW = { width: 400, height: 800 }
const PATHS = ['/', '/profile', '/public', '/throws', '/nowhere']
const LONG = 'a-word-without-an-end'.repeat(20).replaceAll('-', '')
/** Names in the navigation of an admin, in order. */
const navigation = [
  'To-dos', // part: todos
  'Public',
  'Protected',
  'Admin',
  'Profile',
  'Sessions',
  'Users',
  'Audit',
  'Log Out',
]

/** Starts the app with a session and returns a function that opens its pages. */
async function start(t: Test, browser: Browser) {
  const issuer = await TestIssuer.start(t)
  const picture =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><path d="M0 0h40v20H0z"/></svg>'
  issuer.misbehaviour = (request, response) => {
    const isPicture = request.url?.endsWith('.svg')
    response.setHeader('content-type', isPicture ? 'image/svg+xml' : 'text/html')
    response.end(isPicture ? picture : '<h1>Logged out</h1>')
  }
  const fixture = newFixture()
  fixture.account = { ...ada, picture: `${issuer.url}picture.svg` }
  const options = { environment: webApp, extend: fixturePages(fixture), expectsErrors: true }
  const { url } = await listen(t, issuer, options)
  const open = async (path: string, viewport = NARROW, more: BrowserContextOptions = {}) => {
    const page = await browser.newPage({ viewport, ...more })
    const consoleErrors = consoleErrorsOf(page)
    await page.goto(`${url}${path}`)
    return { page, consoleErrors, close: () => page.close() }
  }
  return { fixture, issuer, open, url }
}

inBrowser(t, 'the pages in a browser', async (t, browser) => {
  const { fixture, issuer, open, url } = await start(t, browser)

  t.test('fit every width, also with long words, and cause no console errors', async (t) => {
    const usual = { ...fixture }
    for (const account of [
      null,
      { ...usual.account, sub: LONG, name: LONG, email: `${LONG}@${LONG}.test` },
    ]) {
      fixture.account = account
      fixture.message = { heading: LONG, explanation: LONG, box: { caption: LONG, code: LONG } }
      const { page, consoleErrors, close } = await open('/')
      for (const path of PATHS.filter((path) => account || path !== '/profile')) {
        await page.goto(`${url}${path}`)
        for (const width of [320, 400, 1099, 1100, 1280]) {
          await page.setViewportSize({ width, height: 800 })
          const needed = await page.evaluate<number>('document.documentElement.scrollWidth')
          t.ok(needed <= width, `${path} needs ${needed} of ${width} px`)
        }
      }
      t.strictSame(consoleErrors, [])
      await close()
    }
    Object.assign(fixture, usual)
  })

  t.test('load the three fonts and the picture', async (t) => {
    const { page, close } = await open('/profile')
    const fonts = await page.evaluate<string[]>(
      "document.fonts.ready.then((all) => [...all].filter((font) => font.status === 'loaded').map((font) => font.family))",
    )
    t.strictSame(fonts.map((family) => family.replaceAll('"', '')).sort(), [
      'Fira Code',
      'Inter',
      'Space Grotesk',
    ])
    const width = await page.evaluate("document.querySelector('.picture img').naturalWidth")
    t.equal(width, 40)
    await close()
  })

  t.test('have enough contrast in every text (WCAG 2.2, 1.4.3)', async (t) => {
    const themes = ['light', 'dark'] as const
    for (const [account, colorScheme] of [null, fixture.account].flatMap((one) =>
      themes.map((theme) => [one, theme] as const),
    )) {
      for (const path of PATHS.filter((path) => account || path !== '/profile')) {
        fixture.account = account
        const more = { reducedMotion: 'reduce', colorScheme } as const
        const { page, close } = await open(path, { width: 1280, height: 800 }, more)
        const texts = await contrasts(page)
        t.ok(texts.length > 8)
        for (const { text, ratio, required } of texts) {
          t.ok(ratio >= required, `${path}: "${text}" has ${ratio.toFixed(2)} of ${required}`)
        }
        await close()
      }
    }
  })

  t.test('show the keyboard focus, first on the link that skips the navigation', async (t) => {
    for (const path of PATHS.filter((path) => path !== '/nowhere')) {
      const { page, close } = await open(path, { width: 1280, height: 800 })
      await page.keyboard.press('Tab')
      t.match(await focused(page), { text: 'Skip to content', isVisible: true })
      const seen: string[] = []
      for (;;) {
        await page.keyboard.press('Tab')
        const { text, isVisible, outline } = await focused(page)
        if (text === '') break // past the last
        seen.push(text)
        t.ok(isVisible, `${path}: ${text} is visible`)
        t.ok(outline >= 2, `${path}: ${text} has an outline`)
      }
      t.match(seen.slice(0, seen.indexOf('Log Out') + 1), ['Gatehouse', ...navigation])
      t.equal(seen.at(-1), 'OpenAPI document')
      await close()
    }
  })

  t.test('allow the keyboard to skip the navigation', async (t) => {
    const { page, close } = await open('/', { width: 1280, height: 800 })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    t.match(await focused(page), { text: 'See your profile' })
    await close()
  })

  t.test('copy the code of a box, and say so to screen readers', async (t) => {
    const { page, consoleErrors, close } = await open('/public')
    const copy = page.getByRole('button', { name: 'Copy' })
    const status = page.locator('.code-box [role=status]')
    t.equal(await status.textContent(), '')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await copy.click()
    await page.getByText('Copied').waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), fixture.message.box.code)
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error())')
    await copy.click()
    await page.getByText('The browser does not allow to copy').waitFor()
    t.strictSame(consoleErrors, [])
    await close()
    const without = await open('/public', NARROW, { javaScriptEnabled: false })
    t.notOk(await without.page.getByRole('button', { name: 'Copy' }).isVisible())
    await without.close()
  })

  t.test('allow Log Out to redirect to the issuer', async (t) => {
    const { page, consoleErrors, close } = await open('/profile', { width: 1280, height: 800 })
    await page.getByRole('button', { name: 'Log Out' }).click()
    await page.waitForURL(`${issuer.url}v2/logout`)
    t.equal(await page.locator('h1').textContent(), 'Logged out')
    t.strictSame(consoleErrors, [])
    await close()
  })

  t.test('have a menu on narrow screens', async (t) => {
    t.test('that opens to full height and closes by mouse', async (t) => {
      const { page, consoleErrors, close } = await open('/protected')
      const { toggle, panel } = menuOf(page)
      t.notOk(await panel.isVisible())
      t.equal(await toggle.getAttribute('aria-expanded'), 'false')
      t.equal(await toggle.getAttribute('aria-controls'), 'menu')
      await toggle.click()
      t.equal(await toggle.getAttribute('aria-expanded'), 'true')
      await page.evaluate(
        'Promise.all(document.getAnimations().map((animation) => animation.finished)).then(() => {})',
      )
      t.strictSame(await panel.boundingBox(), { x: 0, y: 80, width: 400, height: 720 })
      t.strictSame(
        await panel.getByRole('link').allTextContents(),
        navigation.slice(0, -1),
        'Log Out is a button',
      )
      const current = panel.getByRole('link', { name: 'Protected' })
      t.equal(await current.getAttribute('aria-current'), 'page')
      t.equal(await style(page, '#menu [aria-current]', 'textDecorationLine'), 'underline')
      await toggle.click()
      t.notOk(await panel.isVisible())
      t.equal(await toggle.getAttribute('aria-expanded'), 'false')
      await toggle.click()
      await panel.getByRole('link', { name: 'Admin' }).click()
      await page.waitForURL(/\/admin$/)
      t.notOk(await panel.isVisible())
      t.strictSame(consoleErrors, [])
      await close()
    })

    t.test(
      'that keeps the keyboard focus while it is open; Escape closes it and restores the focus',
      async (t) => {
        const { page, close } = await open('/protected')
        const { toggle, panel } = menuOf(page)
        const tab = async () => {
          await page.keyboard.press('Tab')
          return (await focused(page)).text
        }
        t.strictSame([await tab(), await tab(), await tab()], ['Skip to content', 'Gatehouse', 'Menu'])
        await page.keyboard.press('Enter')
        t.ok(await panel.isVisible())
        for (const name of navigation) t.equal(await tab(), name)
        t.equal(await tab(), '', 'the content behind is not reached')
        await toggle.focus()
        t.equal(await tab(), navigation[0])
        await page.keyboard.press('Escape')
        t.notOk(await panel.isVisible())
        t.equal((await focused(page)).text, 'Menu')
        t.equal(await toggle.getAttribute('aria-expanded'), 'false')
        t.equal(await tab(), 'Copy', 'the page can be reached again')
        await close()
      },
    )

    t.test('that closes when the window grows', async (t) => {
      const { page, close } = await open('/protected')
      const { toggle, panel } = menuOf(page)
      await toggle.click()
      await page.setViewportSize({ width: 1100, height: 800 })
      await page.locator('#menu:popover-open').waitFor({ state: 'detached' })
      t.notOk(await toggle.isVisible())
      t.ok(await panel.isVisible())
      const { y = -1, height = 0 } = (await panel.boundingBox()) ?? {}
      t.ok(y >= 0 && y + height <= 80, 'it is in the bar')
      await page.setViewportSize(NARROW)
      t.notOk(await panel.isVisible())
      t.ok(await toggle.isVisible())
      await close()
    })

    t.test('that works without scripts', async (t) => {
      const { page, close } = await open('/public', NARROW, { javaScriptEnabled: false })
      const { toggle, panel } = menuOf(page)
      t.notOk(await panel.isVisible())
      await toggle.click()
      t.ok(await panel.isVisible())
      await page.keyboard.press('Escape')
      t.notOk(await panel.isVisible())
      await close()
    })

    t.test('that is animated unless reduced motion is preferred', async (t) => {
      for (const [reducedMotion, animation] of [
        ['no-preference', 'open'],
        ['reduce', 'none'],
      ] as const) {
        const { page, close } = await open('/public', NARROW, { reducedMotion })
        const { toggle } = menuOf(page)
        await toggle.click()
        t.equal(await style(page, '#menu', 'animationName'), animation)
        await close()
      }
    })
  })
})

function menuOf(page: Page) {
  return { toggle: page.getByRole('button', { name: 'Menu' }), panel: page.locator('#menu') }
}

interface Focus {
  text: string
  isVisible: boolean
  outline: number
}

interface Contrast {
  text: string
  ratio: number
  required: number
}

const scripts = {
  focus: readFileSync(`${import.meta.dirname}/focus.js`, 'utf8'),
  contrast: readFileSync(`${import.meta.dirname}/contrast.js`, 'utf8'),
}

function focused(page: Page) {
  return page.evaluate<Focus>(scripts.focus)
}

function contrasts(page: Page) {
  return page.evaluate<Contrast[]>(scripts.contrast)
}

function style(page: Page, selector: string, property: string) {
  return page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).${property}`)
}
