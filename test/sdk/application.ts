import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { freePort } from '../helpers/free-port.ts'

const root = join(import.meta.dirname, '../..')

/** Serves a page of `pages` with its options, and the packages that it loads. Returns the origin, at localhost. */
export async function serveApplication(
  t: Test,
  name: string,
  options: object,
  port?: number,
): Promise<string> {
  const ownPort = port ?? (await freePort())
  const html = readFileSync(join(import.meta.dirname, 'pages', `${name}.html`))
  const server = createServer(({ url = '' }, response) => {
    const send = (type: string, body: string | Buffer) =>
      response.writeHead(200, { 'content-type': type }).end(body)
    if (/^\/node_modules\/.+\.js$/.test(url)) send('text/javascript', readFileSync(join(root, url)))
    else if (url === '/options.json') send('application/json', JSON.stringify(options))
    else send('text/html', html)
  })
  await new Promise<void>((resolve) => server.listen(ownPort, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://localhost:${ownPort}`
}

/** Logs in as the reader on the page of the tenant. */
export async function enterPassword(page: Page): Promise<void> {
  await page.getByLabel('Email address').fill('reader@example.com')
  await page.getByLabel('Password').fill('reader-password')
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** Waits until the application shows the text: the e-mail address of its user, or `logged out`. */
export async function hasState(page: Page, text: string): Promise<void> {
  await page.locator('#state', { hasText: text }).waitFor({ timeout: 20_000 })
}
