import { AuthenticationClient, UserInfoClient } from 'auth0'

const { AUTH0_DOMAIN: domain = '', AUTH0_AUDIENCE: audience = '' } = process.env
const client = new AuthenticationClient({
  domain,
  clientId: 'gatehouse-test',
  clientSecret: 'gatehouse-test-secret',
})
const [email, password] = ['new@example.org', 'a-long-password']
const connection = 'Username-Password-Authentication'

const { data: account } = await client.database.signUp({ email, password, connection })
const again = await client.database
  .signUp({ email, password, connection })
  .catch((error) => ({ data: { email: String(error.error) } }))
const { data: answer } = await client.database.changePassword({ email, connection })
const { data: machine } = await client.oauth.clientCredentialsGrant({ audience })
const { data: user } = await client.oauth.passwordGrant({
  username: email,
  password,
  audience,
  scope: 'openid email offline_access',
})
const { data: profile } = await new UserInfoClient({ domain }).getUserInfo(user.access_token)
const refresh = { refresh_token: user.refresh_token ?? '' }
const { data: refreshed } = await client.oauth.refreshTokenGrant(refresh)
const revoked = { refresh_token: refreshed.refresh_token ?? '' }
await client.oauth.revokeRefreshToken({ token: revoked.refresh_token })
const afterRevocation = await client.oauth.refreshTokenGrant(revoked).catch((error) => error.error)

process.stdout.write(
  JSON.stringify({
    account,
    again: again.data.email,
    answer,
    machine: machine.access_token,
    user: user.access_token,
    profile,
    refreshed: refreshed.access_token,
    afterRevocation,
  }),
)
