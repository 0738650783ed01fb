import type { Context, Middleware, OidcContext, Session } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { urlAllowed, whereToAllow } from './allowed-urls.ts'
import type { Application } from './application.ts'
import { sendPage } from './pages.ts'

/** Serves Auth0's logout: ends the session, notifies clients (back-channel) and redirects to an allowed address. */
export function logout(applications: Application[]): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/v2/logout' || ctx.method !== 'GET') return next()
    const [dangerousReturnTo, clientId] = [one(ctx.query.returnTo), one(ctx.query.client_id)]
    // Without a client, the URLs of all applications are allowed
    const candidates = applications.filter(({ id }) => clientId === undefined || id === clientId)
    const allowed = candidates.flatMap(({ logoutUrls }) => logoutUrls)
    if (dangerousReturnTo !== undefined && !urlAllowed(dangerousReturnTo, allowed)) {
      const remedy = clientId && candidates[0] ? ` ${whereToAllow('logoutUrls', candidates[0])}` : ''
      throw new errors.InvalidRequest(
        `The returnTo URL "${dangerousReturnTo}" is not an allowed logout URL.${remedy}`,
      )
    }
    await endSession(ctx, await ctx.app.Session.get(ctx))
    if (dangerousReturnTo === undefined) return sendLoggedOutPage(ctx)
    ctx.redirect(dangerousReturnTo)
  }
}

/**
 * Answers `/oidc/logout`. An ID token of the user who is logged in is sufficient proof that the application asks; any other
 * request is confirmed by the user. `form` comes from the provider, without buttons.
 */
export async function sendLogoutPage(ctx: OidcContext, form: string): Promise<void> {
  const { session, entities } = ctx.oidc
  const { postLogoutRedirectUri, state } = session?.state ?? {}
  if (!session || entities.IdTokenHint?.payload.sub !== session.accountId) {
    return sendPage(ctx, 'logout', { title: 'Log out', form }, postLogoutRedirectUri)
  }
  await endSession(ctx, session)
  if (!postLogoutRedirectUri) return sendLoggedOutPage(ctx)
  const target = new URL(postLogoutRedirectUri)
  if (state) target.searchParams.set('state', state)
  ctx.redirect(target.href)
}

export async function sendLoggedOutPage(ctx: Context): Promise<void> {
  sendPage(ctx, 'message', { title: 'Logged out', text: 'You are logged out of the local tenant.' })
}

async function endSession({ app, cookies }: Context, session: Session): Promise<void> {
  const { accountId, authorizations = {} } = session
  if (!accountId) return
  await session.destroy()
  cookies.set(app.cookieName('session'), null)
  const notices = Object.entries(authorizations).map(async ([clientId, { sid }]) => {
    const client = await app.Client.find(clientId)
    if (client?.backchannelLogoutUri) await client.backchannelLogout(accountId, sid)
  })
  // A client that does not answer must not prevent the logout
  await Promise.allSettled(notices)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
