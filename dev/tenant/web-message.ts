import { createHash } from 'node:crypto'
import type { Context } from 'oidc-provider'

/** Characters that could end the script element or, before ES2019, a string in it. */
const UNSAFE = /[<>&\u2028\u2029]/g

/**
 * Posts the response to the page that opened this one in a frame or a popup (`response_mode=web_message`). Closing the
 * popup is left to that page, as at Auth0: closed by itself, it could be gone before its message is delivered.
 */
export function sendWebMessage(ctx: Context, redirectUri: string, response: Record<string, unknown>): void {
  const message = JSON.stringify({ type: 'authorization_response', response })
  const script = `(opener || parent).postMessage(${inScript(message)}, ${inScript(JSON.stringify(redirectUri))})`
  const hash = createHash('sha256').update(script).digest('base64')
  ctx.type = 'html'
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Content-Security-Policy', `default-src 'none'; script-src 'sha256-${hash}'; base-uri 'none'`)
  ctx.body = `<!doctype html><title>Logged in</title><script>${script}</script>`
}

function inScript(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
