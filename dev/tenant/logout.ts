import type { Context, Middleware, OidcContext, Provider } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { urlAllowed } from './clients.ts'
import { sendPage } from './pages.ts'

/** Serves Auth0's logout: ends the session, notifies clients (back-channel) and redirects to an allowed address. */
export function logout(clientIds: string[]): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/v2/logout' || ctx.method !== 'GET') return next()
    const dangerousReturnTo = one(ctx.query.returnTo)
    const allowed = await allowedReturnUrls(ctx.app, one(ctx.query.client_id), clientIds)
    if (dangerousReturnTo !== undefined && !urlAllowed(dangerousReturnTo, allowed)) {
      throw new errors.InvalidRequest(`The returnTo URL "${dangerousReturnTo}" is not an allowed logout URL.`)
    }
    await endSession(ctx)
    if (dangerousReturnTo === undefined) return sendLoggedOutPage(ctx)
    ctx.redirect(dangerousReturnTo)
  }
}

/** The confirmation page of `/oidc/logout`. `form` comes from the provider, without buttons. */
export async function sendLogoutPage(ctx: OidcContext, form: string): Promise<void> {
  const { postLogoutRedirectUri } = ctx.oidc.session?.state ?? {}
  sendPage(ctx, 'logout', { title: 'Log out', form }, postLogoutRedirectUri)
}

export async function sendLoggedOutPage(ctx: Context): Promise<void> {
  sendPage(ctx, 'message', { title: 'Logged out', text: 'You are logged out of the local tenant.' })
}

/** The logout URLs of the client, or of all clients when none is named. */
async function allowedReturnUrls(provider: Provider, clientId: string | undefined, clientIds: string[]) {
  const named = clientId === undefined ? clientIds : [clientId]
  const clients = await Promise.all(named.map((id) => provider.Client.find(id)))
  return clients.flatMap((client) => client?.postLogoutRedirectUris ?? [])
}

async function endSession(ctx: Context): Promise<void> {
  const session = await ctx.app.Session.get(ctx)
  const { accountId, authorizations = {} } = session
  if (!accountId) return
  await session.destroy()
  ctx.cookies.set(ctx.app.cookieName('session'), null)
  const notices = Object.entries(authorizations).map(async ([clientId, { sid }]) => {
    const client = await ctx.app.Client.find(clientId)
    if (client?.backchannelLogoutUri) await client.backchannelLogout(accountId, sid)
  })
  // A client that does not answer must not prevent the logout
  await Promise.allSettled(notices)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
