import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta'
import type { Context } from 'oidc-provider'
import { readTheme } from '../../src/theme/index.ts'

const views = join(import.meta.dirname, 'views')
const eta = new Eta({ views, cache: true })
const theme = readTheme((font) => `/theme/${font}`) // served by theme-files.ts
const style = theme + readFileSync(join(views, 'style.css'), 'utf8')
const styleHash = createHash('sha256').update(style).digest('base64')

/**
 * Sends a page. Values are escaped.
 *
 * @param leadsTo URL that the form redirects to at the end. Browsers apply `form-action` to redirects too, so without it
 * they would block the redirect back to the client.
 */
export function sendPage(ctx: Context, view: string, data: PageData, leadsTo?: string): void {
  const formTargets = leadsTo ? `'self' ${new URL(leadsTo).origin}` : "'self'"
  ctx.type = 'html'
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Referrer-Policy', 'no-referrer')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${styleHash}'; font-src 'self'; img-src 'self'; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
  )
  ctx.body = eta.render(view, { ...data, style })
}

interface PageData {
  title: string
  [name: string]: unknown
}
