import t from 'tap'
import { bearer, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const PERMISSION = 'read:admin-messages'
const texts = {
  public: 'This is a public message.',
  protected: 'This is a protected message.',
  admin: 'This is an admin message.',
}
type Name = keyof typeof texts

const callers: [caller: string, claims: object | undefined, statuses: Record<Name, number>][] = [
  ['a caller without a token', undefined, { public: 200, protected: 401, admin: 401 }],
  ['a caller with a token', {}, { public: 200, protected: 200, admin: 403 }],
  [
    'a caller with another permission',
    { permissions: ['read:messages'] },
    { public: 200, protected: 200, admin: 403 },
  ],
  [
    'a caller with the scope, but not the permission',
    { scope: PERMISSION },
    { public: 200, protected: 200, admin: 403 },
  ],
  [
    'a caller with the permission',
    { permissions: [PERMISSION] },
    { public: 200, protected: 200, admin: 200 },
  ],
]

t.test('messages', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  for (const [caller, claims, statuses] of callers) {
    for (const [name, status] of Object.entries(statuses) as [Name, number][]) {
      t.test(`the ${name} message for ${caller} is ${status}`, async (t) => {
        const headers = claims ? bearer(await issuer.sign(claims)) : {}
        const response = await fetch(`${url}/api/messages/${name}`, { headers })
        t.equal(response.status, status)
        const body = (await response.json()) as object
        if (status === 200) t.strictSame(body, { text: texts[name] })
        else t.match(body, { statusCode: status, message: String })
        if (status === 403) t.match(response.headers.get('www-authenticate'), `scope="${PERMISSION}"`)
      })
    }
  }
})
