import type { Account, Context, Interaction, Middleware } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { throwawayAccounts } from './accounts.ts'
import { sendPage } from './pages.ts'
import { readBody } from './read-body.ts'

const minimumPasswordLength = 8

interface Fields {
  email: string
  password: string
}

/** Messages by field; `form` concerns both fields. */
type Problems = Partial<Record<keyof Fields | 'form', string>>

const screens = {
  login: { view: 'login', title: 'Log in', submit: logIn },
  signup: { view: 'signup', title: 'Sign up', submit: signUp },
}

/** Path of the login and sign-up page. The provider's cookie for this path identifies the authorization request. */
export function loginUrl(interactionId: string): string {
  return `/u/${interactionId}`
}

/** Serves the login and the sign-up page. */
export function login(accounts: Accounts): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/u/') || !['GET', 'POST'].includes(ctx.method)) return next()
    const interaction = await ctx.app.interactionDetails(ctx.req, ctx.res)
    if (ctx.method === 'GET') {
      return sendForm(ctx, interaction, { email: interaction.params.login_hint ?? '', password: '' }, {})
    }
    const form = new URLSearchParams(await readBody(ctx))
    const fields = { email: form.get('email')?.trim() ?? '', password: form.get('password') ?? '' }
    const account = requestedScreen(ctx, interaction).submit(accounts, fields)
    if ('accountId' in account) return finish(ctx, account)
    ctx.status = 400
    sendForm(ctx, interaction, fields, account)
  }
}

function logIn(accounts: Accounts, { email, password }: Fields): Account | Problems {
  if (!email) return { email: 'Enter your email address.' }
  if (!password) return { password: 'Enter your password.' }
  return accounts.withPassword(email, password) ?? { form: 'Wrong email or password.' }
}

function signUp(accounts: Accounts, { email, password }: Fields): Account | Problems {
  const problems: Problems = {}
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    problems.email = 'Enter an email address like name@example.com.'
  } else if (accounts.has(email)) {
    problems.email = 'There is an account with this email address. Log in instead.'
  }
  if (password.length < minimumPasswordLength) {
    problems.password = `Choose a password of at least ${minimumPasswordLength} characters.`
  }
  return Object.keys(problems).length > 0 ? problems : accounts.signUp(email, password)
}

async function finish(ctx: Context, { accountId }: Account): Promise<void> {
  const returnTo = await ctx.app.interactionResult(ctx.req, ctx.res, { login: { accountId } })
  ctx.redirect(returnTo)
  ctx.status = 303
}

function requestedScreen(ctx: Context, { params }: Interaction) {
  const name = ctx.query.screen ?? params.screen_hint
  return name === 'signup' ? screens.signup : screens.login
}

function sendForm(ctx: Context, interaction: Interaction, fields: Fields, problems: Problems): void {
  const { view, title } = requestedScreen(ctx, interaction)
  const { client_id: clientId, redirect_uri: redirectUri } = interaction.params
  const data = { title, clientId, email: fields.email, problems, throwawayAccounts }
  sendPage(ctx, view, data, redirectUri)
}
