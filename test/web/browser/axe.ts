import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/**
 * Runs the rules of axe-core. The page's content security policy does not apply to scripts of the debugger.
 *
 * @param excluded names of rules
 */
export async function violations(page: Page, excluded: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axe)
  const options = { rules: Object.fromEntries(excluded.map((rule) => [rule, { enabled: false }])) }
  return page.evaluate<string[]>(
    `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
  )
}

/** Scripts have seen the theme, and colours have changed: a transition has too little contrast on the way. */
const SETTLED = `new Promise(requestAnimationFrame)
  .then(() => new Promise(requestAnimationFrame))
  .then(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))
  .then(() => {})`

/** Tests the page as it is in both themes, at 320 and 1280 px: no violation, and no horizontal scrolling. */
export async function assertAccessible(t: Test, page: Page, name: string, excluded?: readonly string[]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.evaluate(SETTLED)
      t.strictSame(await violations(page, excluded), [], `${name}, ${colorScheme}, ${width} px`)
      const needed = await page.evaluate<number>('document.documentElement.scrollWidth')
      t.ok(needed <= width, `${name} needs ${needed} of ${width} px`)
    }
  }
  t.ok(await page.locator('meta[name=description]').getAttribute('content'), `${name} has a description`)
  t.ok(await page.locator('link[rel=icon]').getAttribute('href'), `${name} has an icon`)
}
