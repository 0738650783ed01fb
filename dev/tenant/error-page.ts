import type { Context, Middleware, OAuthErrorBody } from 'oidc-provider'
import { sendPage } from './pages.ts'

/** Sends an error page for errors outside the provider's own routes. */
export const errorPage: Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const { expose, status, error_description: description, message } = error as HttpError
    if (!expose) throw error
    ctx.status = status
    sendErrorPage(ctx, { error: message, error_description: description ?? message })
    return
  }
  if (ctx.status === 404 && ctx.body === undefined) {
    sendErrorPage(ctx, { error: 'not_found', error_description: 'This page does not exist.' })
    ctx.status = 404
  }
}

/** Sends the page for an OAuth error that cannot be returned to the client. */
export function sendErrorPage(ctx: Context, { error, error_description: description }: OAuthErrorBody): void {
  sendPage(ctx, 'message', { title: 'Something went wrong', text: description ?? error, code: error })
}

interface HttpError extends Error {
  expose?: boolean
  status: number
  error_description?: string
}
