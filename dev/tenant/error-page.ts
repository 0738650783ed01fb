import type { Context, Middleware, OAuthErrorBody, OidcContext } from 'oidc-provider'
import { refusedCallback } from './allowed-urls.ts'
import { sendPage } from './pages.ts'

/** Sends an error page for errors outside the provider's own routes. */
export const errorPage: Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const { expose, status, error_description: description, message } = error as HttpError
    if (!expose) throw error
    ctx.status = status
    sendError(ctx, { error: message, error_description: description ?? message })
    return
  }
  if (ctx.status === 404 && ctx.body === undefined) {
    sendError(ctx, { error: 'not_found', error_description: 'This page does not exist.' })
    ctx.status = 404
  }
}

/** Sends an OAuth error of the provider that cannot be returned to the client. */
export function sendProviderError(ctx: OidcContext, error: OAuthErrorBody): void {
  const isCallback = error.error === 'invalid_redirect_uri'
  sendError(ctx, isCallback ? { ...error, error_description: refusedCallback(ctx) } : error)
}

/** Sends a page, or JSON to callers that ask for JSON or sent it. */
function sendError(ctx: Context, { error, error_description: description }: OAuthErrorBody): void {
  if (ctx.accepts('html', 'json') === 'json' || ctx.is('json')) {
    ctx.body = { error, error_description: description }
    return
  }
  sendPage(ctx, 'message', { title: 'Something went wrong', text: description ?? error, code: error })
}

interface HttpError extends Error {
  expose?: boolean
  status: number
  error_description?: string
}
