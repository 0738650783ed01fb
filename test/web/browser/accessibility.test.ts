import t from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { startWebApp } from '../../helpers/web-app.ts'
import { assertAccessible, violations } from './axe.ts'

t.setTimeout(900_000)

const forEveryone = ['/', '/public', '/nowhere']
const forAdministrators = [
  ...forEveryone,
  ...['/profile', '/protected', '/admin', '/sessions'],
  ...['/todos', '/todos?cursor=9', '/todos/1', '/todos/99'], // part: todos
  ...['/admin/users', '/admin/users?search=nothing', '/admin/users/1', '/admin/audit'],
]

inBrowser(t, 'axe-core finds no violation', async (t, browser) => {
  const { url } = await startWebApp(t)
  const admin = await Visitor.arrive(t, browser)
  await admin.logIn(url, 'admin', '/profile')
  // part: todos
  await admin.page.goto(`${url}/todos`)
  await admin.page.getByLabel('Title').fill('water the plants '.repeat(20))
  await admin.page.getByRole('button', { name: 'Add' }).click()
  await admin.page.locator('.rows li').waitFor()
  // end
  const visitor = await Visitor.arrive(t, browser)

  for (const [title, { page }, paths] of [
    ['signed out', visitor, forEveryone],
    ['signed in', admin, forAdministrators],
  ] as const) {
    t.test(title, async (t) => {
      for (const path of paths) {
        await page.goto(`${url}${path}`)
        await assertAccessible(t, page, path)
      }
    })
  }

  t.test('in forms with faults, and in the open menu', async (t) => {
    const { page } = admin
    // part: todos
    await page.goto(`${url}/todos`)
    await page.getByLabel('Title').fill(' ')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.locator('#title-fault').waitFor()
    t.strictSame(await violations(page), [])
    // end
    await page.goto(`${url}/admin/users/1`)
    const form = page.getByRole('form', { name: 'Delete the user' })
    await form.getByRole('textbox').fill('mistyped')
    await form.getByRole('button').click()
    await page.getByText('This is not the text above.').waitFor()
    t.strictSame(await violations(page), [])
    await page.setViewportSize({ width: 320, height: 800 })
    await page.getByRole('button', { name: 'Menu' }).click()
    t.strictSame(await violations(page), [])
  })
})
