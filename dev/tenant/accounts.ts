import { createHash } from 'node:crypto'
import type { Account } from 'oidc-provider'
import type { Api } from './api.ts'
import { api } from './api.ts'
import type { User } from './settings.ts'
import type { State } from './state.ts'

/**
 * THROWAWAY: published passwords of a tenant on a developer's machine. The admin has every permission of the API, with the
 * scopes of new routes. Grant them to other accounts here.
 */
export const throwawayAccounts = [
  { email: 'admin@example.com', password: 'admin-password', permissions: api.permissions },
  { email: 'reader@example.com', password: 'reader-password', permissions: ['read:messages'] },
  { email: 'member@example.com', password: 'member-password', permissions: [] },
]

/** The throwaway accounts as users of an API. */
export function throwawayUsers({ identifier }: Api): User[] {
  return throwawayAccounts.map(({ email, password, permissions }) => ({
    email,
    password,
    permissions: { [identifier]: permissions },
    roles: [],
    organizations: [],
    user_metadata: {},
  }))
}

/** Claims that each scope adds to ID tokens and to /userinfo. */
export const claimsByScope: Record<string, string[]> = {
  openid: ['sub'],
  profile: ['nickname', 'name', 'picture', 'updated_at'],
  email: ['email', 'email_verified'],
}

const noRights = { permissions: {}, roles: [], organizations: [], user_metadata: {} }

/** An account as it is stored: only those that signed up or changed their password are. */
interface StoredAccount {
  password: string
  isSignedUp: boolean
}

/** The accounts of a tenant: the throwaway accounts, and those signed up until it is reset. */
export class Accounts {
  readonly #issuer: string
  readonly #state: State
  readonly #byEmail = new Map<string, { password: string; account: Account; isSignedUp: boolean }>()

  constructor(issuer: string, users: User[], state: State) {
    this.#issuer = issuer
    this.#state = state
    for (const user of users) this.#add(user, false)
    for (const { email, json } of state.all('SELECT email, json FROM accounts')) {
      const { password, isSignedUp }: StoredAccount = JSON.parse(String(json))
      const existing = this.#byEmail.get(String(email))
      if (existing) existing.password = password
      else if (isSignedUp) this.#add({ email: String(email), password, ...noRights }, true)
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
    const account = this.#add({ email, password, ...noRights }, true)
    this.#store(email)
    return account
  }

  setPassword(email: string, password: string): void {
    const entry = this.#byEmail.get(normalized(email))
    if (!entry) return
    entry.password = password
    this.#store(email)
  }

  #add(user: User, isSignedUp: boolean): Account {
    const email = normalized(user.email)
    const account = createAccount(this.#issuer, { ...user, email }, !isSignedUp)
    this.#byEmail.set(email, { password: user.password, account, isSignedUp })
    return account
  }

  #store(email: string): void {
    const { password, isSignedUp } = this.#byEmail.get(normalized(email)) ?? {}
    this.#state.run(
      'INSERT OR REPLACE INTO accounts (email, json) VALUES (?, ?)',
      normalized(email),
      JSON.stringify({ password, isSignedUp }),
    )
  }
}

function createAccount(issuer: string, user: User, emailVerified: boolean): Account {
  const { email } = user
  const subject = subjectOf(email)
  const [nickname = email] = email.split('@')
  const claims = {
    sub: subject,
    nickname,
    name: user.name ?? email,
    picture: `${issuer}picture/${/[a-z0-9]/.exec(email)?.[0] ?? 'x'}.svg`,
    updated_at: new Date().toISOString(),
    email,
    email_verified: emailVerified,
  }
  return { accountId: subject, user, claims: () => claims }
}

/** Has the format of Auth0, and derives from the e-mail address so that it is the same at every start. */
function subjectOf(email: string): string {
  return `auth0|${createHash('sha256').update(email).digest('hex').slice(0, 24)}`
}

function normalized(email: string): string {
  return email.trim().toLowerCase()
}
