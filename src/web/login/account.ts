/** Who has signed in: the claims of the ID token that the web app shows (OpenID Connect Core 1.0, 5.1). */
export interface Account {
  readonly sub: string
  readonly nickname?: string
  readonly name?: string
  readonly picture?: string
  readonly updated_at?: string
  readonly email?: string
  readonly email_verified?: boolean
}
