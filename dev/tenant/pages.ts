import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta'
import type { Context } from 'oidc-provider'

const views = join(import.meta.dirname, 'views')
const eta = new Eta({ views, cache: true })
const style = readFileSync(join(views, 'style.css'), 'utf8')
const styleHash = createHash('sha256').update(style).digest('base64')

/**
 * Answers with one of the pages; what is put into it is escaped.
 * @param leadsTo where the page's form leads in the end. Browsers hold `form-action` against redirects too, so without
 * it the log-in would stop at the way back to the client.
 */
export function sendPage(ctx: Context, view: string, data: PageData, leadsTo?: string): void {
  const formTargets = leadsTo ? `'self' ${new URL(leadsTo).origin}` : "'self'"
  ctx.type = 'html'
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Referrer-Policy', 'no-referrer')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
  )
  ctx.body = eta.render(view, { ...data, style })
}

interface PageData {
  title: string
  [name: string]: unknown
}
