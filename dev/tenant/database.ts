import { randomBytes } from 'node:crypto'
import type { Context, Middleware } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { sendPage } from './pages.ts'
import { readBody, readFields } from './read-body.ts'
import { signUpProblems } from './sign-up.ts'

/** Serves Auth0's endpoints of database connections, and the page that its e-mail for a new password links to. */
export function database(accounts: Accounts): Middleware {
  const tickets = new Map<string, string>()
  return async (ctx, next) => {
    const route = `${ctx.method} ${ctx.path}`
    if (route === 'POST /dbconnections/signup') return signUp(ctx, accounts)
    if (route === 'POST /dbconnections/change_password') return changePassword(ctx, accounts, tickets)
    if (ctx.path === '/reset-password' && ['GET', 'POST'].includes(ctx.method)) {
      return resetPassword(ctx, accounts, tickets)
    }
    return next()
  }
}

async function signUp(ctx: Context, accounts: Accounts): Promise<void> {
  const { email, password, client_id: clientId } = await readFields(ctx)
  const client = await ctx.app.Client.find(String(clientId))
  if (!client || typeof email !== 'string' || typeof password !== 'string') {
    return refuse(ctx, 'BadRequestError', 'invalid_signup', 'Invalid sign up')
  }
  const problems = signUpProblems(accounts, { email, password })
  if (problems.email) return refuse(ctx, 'BadRequestError', 'invalid_signup', 'Invalid sign up')
  if (problems.password) return refuse(ctx, 'PasswordStrengthError', 'invalid_password', problems.password)
  const { accountId, claims } = accounts.signUp(email, password)
  ctx.body = { _id: accountId.replace('auth0|', ''), email: claims().email, email_verified: false }
}

function refuse(ctx: Context, name: string, code: string, description: string): void {
  ctx.status = 400
  ctx.body = { name, code, description, message: description, statusCode: 400 }
}

/** The response is the same for unknown users, as in Auth0. The link is printed, since the tenant sends no e-mail. */
async function changePassword(ctx: Context, accounts: Accounts, tickets: Map<string, string>): Promise<void> {
  const { email } = await readFields(ctx)
  if (typeof email !== 'string' || !email) {
    ctx.status = 400
    ctx.body = { error: 'email is required' }
    return
  }
  if (accounts.has(email)) {
    const ticket = randomBytes(16).toString('base64url')
    tickets.set(ticket, email)
    process.stderr.write(`New password for ${email}: ${ctx.app.issuer}reset-password?ticket=${ticket}\n`)
  }
  ctx.type = 'html'
  ctx.body = "We've just sent you an email to reset your password."
}

async function resetPassword(ctx: Context, accounts: Accounts, tickets: Map<string, string>): Promise<void> {
  const ticket = String(ctx.query.ticket)
  const email = tickets.get(ticket)
  const title = 'Choose a new password'
  if (!email) {
    ctx.status = 400
    return sendPage(ctx, 'message', { title, text: 'This link was used before, or is not valid.' })
  }
  if (ctx.method === 'GET') return sendPage(ctx, 'reset', { title, email, problem: undefined })
  const password = new URLSearchParams(await readBody(ctx)).get('password') ?? ''
  const { password: problem } = signUpProblems(accounts, { email, password })
  if (problem) {
    ctx.status = 400
    return sendPage(ctx, 'reset', { title, email, problem })
  }
  tickets.delete(ticket)
  accounts.setPassword(email, password)
  sendPage(ctx, 'message', { title: 'Password changed', text: 'Log in with the new password.' })
}
