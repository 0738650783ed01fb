import type { Account, Context, Interaction, Middleware } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { sendPage } from './pages.ts'
import { readBody } from './read-body.ts'
import type { Settings } from './settings.ts'
import { type Credentials, signUpProblems } from './sign-up.ts'
import { acr, needsPin, throwawayPin } from './step-up.ts'

/** Messages by field; `form` concerns both fields. */
type Problems = Partial<Record<keyof Credentials | 'form', string>>

const screens = {
  login: { view: 'login', title: 'Log in', submit: logIn },
  signup: { view: 'signup', title: 'Sign up', submit: signUp },
}

/** Path of the login and sign-up page. The provider's cookie for this path identifies the authorization request. */
export function loginUrl(interactionId: string): string {
  return `/u/${interactionId}`
}

/** Serves the pages for login, sign-up and PIN. */
export function login(accounts: Accounts, { applications, users }: Settings): Middleware {
  // Address of the web app, to which users can return after its logout
  const home = applications.find(({ type }) => type === 'web')?.logoutUrls[0] ?? '/'
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/u/') || !['GET', 'POST'].includes(ctx.method)) return next()
    const interaction = await findInteraction(ctx)
    if (!interaction) return sendExpiredPage(ctx, home)
    if (needsPin(interaction)) return askForPin(ctx, interaction)
    if (ctx.method === 'GET') {
      return sendForm(
        ctx,
        interaction,
        users,
        { email: interaction.params.login_hint ?? '', password: '' },
        {},
      )
    }
    const form = new URLSearchParams(await readBody(ctx))
    const fields = { email: form.get('email')?.trim() ?? '', password: form.get('password') ?? '' }
    const account = requestedScreen(ctx, interaction).submit(accounts, fields)
    if ('accountId' in account) return finish(ctx, account, acr.password)
    ctx.status = 400
    sendForm(ctx, interaction, users, fields, account)
  }
}

/** Returns undefined if the login was started too long ago or in another browser. */
async function findInteraction(ctx: Context): Promise<Interaction | undefined> {
  try {
    return await ctx.app.interactionDetails(ctx.req, ctx.res)
  } catch (error) {
    if ((error as Error).name === 'SessionNotFound') return undefined
    throw error
  }
}

function sendExpiredPage(ctx: Context, home: string): void {
  ctx.status = 400
  sendPage(ctx, 'message', {
    title: 'This login has expired',
    text: 'It was started too long ago, or in another browser. Log in again in the application.',
    link: { url: home, text: 'Back to the application' },
  })
}

function logIn(accounts: Accounts, { email, password }: Credentials): Account | Problems {
  if (!email) return { email: 'Enter your email address.' }
  if (!password) return { password: 'Enter your password.' }
  return accounts.withPassword(email, password) ?? { form: 'Wrong email or password.' }
}

function signUp(accounts: Accounts, { email, password }: Credentials): Account | Problems {
  const problems = signUpProblems(accounts, { email, password })
  return Object.keys(problems).length > 0 ? problems : accounts.signUp(email, password)
}

/** The second step of a login with the class `pin`. */
async function askForPin(ctx: Context, interaction: Interaction): Promise<void> {
  const { client_id: clientId, redirect_uri: redirectUri } = interaction.params
  const data = { title: 'Enter your PIN', clientId, throwawayPin }
  if (ctx.method === 'GET') return sendPage(ctx, 'pin', { ...data, problem: undefined }, redirectUri)
  const pin = new URLSearchParams(await readBody(ctx)).get('pin')
  const { accountId = '' } = interaction.session ?? {}
  if (pin === throwawayPin) return finish(ctx, { accountId }, acr.pin)
  ctx.status = 400
  sendPage(ctx, 'pin', { ...data, problem: 'Wrong PIN.' }, redirectUri)
}

async function finish(ctx: Context, { accountId }: Pick<Account, 'accountId'>, acr: string): Promise<void> {
  const returnTo = await ctx.app.interactionResult(ctx.req, ctx.res, { login: { accountId, acr } })
  ctx.redirect(returnTo)
  ctx.status = 303
}

function requestedScreen(ctx: Context, { params }: Interaction) {
  const name = ctx.query.screen ?? params.screen_hint
  return name === 'signup' ? screens.signup : screens.login
}

function sendForm(
  ctx: Context,
  interaction: Interaction,
  throwawayAccounts: Credentials[],
  fields: Credentials,
  problems: Problems,
): void {
  const { view, title } = requestedScreen(ctx, interaction)
  const { client_id: clientId, redirect_uri: redirectUri } = interaction.params
  const data = { title, clientId, email: fields.email, problems, throwawayAccounts }
  sendPage(ctx, view, data, redirectUri)
}
