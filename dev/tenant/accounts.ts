import { createHash } from 'node:crypto'
import type { Account } from 'oidc-provider'
import { api } from './api.ts'

/** THROWAWAY: published passwords of a tenant in memory, on a developer's machine. */
export const throwawayAccounts = [
  { email: 'admin@example.com', password: 'admin-password', permissions: api.permissions },
  { email: 'reader@example.com', password: 'reader-password', permissions: ['read:messages'] },
  { email: 'member@example.com', password: 'member-password', permissions: [] },
]

/** Claims that each scope adds to ID tokens and to /userinfo. */
export const claimsByScope: Record<string, string[]> = {
  openid: ['sub'],
  profile: ['nickname', 'name', 'picture', 'updated_at'],
  email: ['email', 'email_verified'],
}

/** The accounts of a tenant: the throwaway accounts, and those signed up until it stops. */
export class Accounts {
  readonly #issuer: string
  readonly #byEmail = new Map<string, { password: string; account: Account }>()

  constructor(issuer: string) {
    this.#issuer = issuer
    for (const { email, password, permissions } of throwawayAccounts) {
      this.#add(email, password, { permissions, emailVerified: true })
    }
  }

  find(subject: string): Account | undefined {
    return [...this.#byEmail.values()].find(({ account }) => account.accountId === subject)?.account
  }

  has(email: string): boolean {
    return this.#byEmail.has(normalized(email))
  }

  withPassword(email: string, password: string): Account | undefined {
    const entry = this.#byEmail.get(normalized(email))
    // Stored and compared as plain text: these accounts need no more protection than the published passwords
    return entry?.password === password ? entry.account : undefined
  }

  signUp(email: string, password: string): Account {
    return this.#add(email, password, { permissions: [], emailVerified: false })
  }

  #add(email: string, password: string, more: { permissions: string[]; emailVerified: boolean }) {
    const account = createAccount(this.#issuer, normalized(email), more.permissions, more.emailVerified)
    this.#byEmail.set(normalized(email), { password, account })
    return account
  }
}

function createAccount(issuer: string, email: string, permissions: string[], emailVerified: boolean) {
  const subject = subjectOf(email)
  const [nickname = email] = email.split('@')
  const claims = {
    sub: subject,
    nickname,
    name: email,
    picture: `${issuer}picture/${/[a-z0-9]/.exec(email)?.[0] ?? 'x'}.svg`,
    updated_at: new Date().toISOString(),
    email,
    email_verified: emailVerified,
  }
  return { accountId: subject, permissions, claims: () => claims }
}

/** Has the format of Auth0, and derives from the e-mail address so that it is the same at every start. */
function subjectOf(email: string): string {
  return `auth0|${createHash('sha256').update(email).digest('hex').slice(0, 24)}`
}

function normalized(email: string): string {
  return email.trim().toLowerCase()
}
