import t from 'tap'
import { listUsers } from '../../src/plugins/store/tables/users.ts'
import { api as audience, tenantFor } from '../dev/helpers/tenant.ts'
import { listen } from '../helpers/app.ts'
import { readDocument } from '../helpers/markdown.ts'

type Action = (event: object, api: object) => Promise<void>

/** The Action of docs/auth0.md, as it stands there. */
function loadAction(): Action {
  const [, script = ''] = /^ {3}```js\n(.*?)^ {3}```$/ms.exec(readDocument('docs/auth0.md')) ?? []
  const exports: { onExecutePostUserRegistration?: Action } = {}
  new Function('exports', script)(exports)
  return exports.onExecutePostUserRegistration as Action
}

t.test('the Action of docs/auth0.md announces who signs up, with one token for many', async (t) => {
  const tenant = await tenantFor(t)
  const app = await listen(t, { url: tenant.issuer }, { environment: { AUTH0_AUDIENCE: audience } })
  const announce = loadAction()
  const cached = new Map<string, { value: string }>()
  const ttls: number[] = []
  const cache = {
    get: (key: string) => cached.get(key),
    set: (key: string, value: string, { ttl }: { ttl: number }) => {
      cached.set(key, { value })
      ttls.push(ttl)
    },
    delete: (key: string) => cached.delete(key),
  }
  const secrets = {
    ISSUER: tenant.issuer,
    AUDIENCE: audience,
    CLIENT_ID: 'gatehouse-test',
    CLIENT_SECRET: 'gatehouse-test-secret',
    GATEHOUSE_URL: app.url,
  }
  const user = (number: number) => ({
    user_id: `auth0|${number}`,
    email: `${number}@example.com`,
    email_verified: number === 1,
    name: `Number ${number}`,
    picture: 'https://example.com/a.png',
  })

  await announce({ user: user(1), secrets }, { cache })
  await announce({ user: user(2), secrets }, { cache })
  await announce({ user: user(2), secrets }, { cache })
  await announce({ user: { user_id: 'sms|3', phone_number: '+49' }, secrets }, {})
  t.match((await listUsers(app.store, tenant.issuer, { cursor: 0, limit: 9 })).items, [
    {
      issuer: tenant.issuer,
      subject: 'auth0|1',
      email: '1@example.com',
      emailVerified: true,
      name: 'Number 1',
    },
    { subject: 'auth0|2', emailVerified: false, lastSeenAt: null },
    { subject: 'sms|3', email: null },
  ])
  t.strictSame(ttls, [(86_400 - 60) * 1000])

  cached.set('token', { value: 'an.old.token' })
  await t.rejects(announce({ user: user(4), secrets }, { cache }), /Gatehouse answered 401/)
  t.equal(cached.size, 0, 'a token that is refused is forgotten')
  await t.rejects(
    announce({ user: user(4), secrets: { ...secrets, CLIENT_SECRET: 'x' } }, {}),
    /No token: 401/,
  )
})
