import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type TokenKind, tokenKinds } from '../fixtures/issuers/tokens.ts'
import { bearer, buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument, tableRows } from '../helpers/markdown.ts'

/** Returns the entry of ISSUERS_FILE on the page of the issuer. */
function entryOf({ page, block = 0 }: TokenKind): object {
  const blocks = [...readDocument(`docs/issuers/${page}.md`).matchAll(/^```json\n(.*?)^```$/gms)]
  const [entry] = JSON.parse(blocks[block]?.[1] ?? '[]')
  return entry
}

/**
 * Starts the service with the entry of the page. Its documents are not reachable from here, so the keys come from a file;
 * everything else is as documented.
 */
async function start(t: Test, kind: TokenKind) {
  const issuer = await TestIssuer.start(t)
  const folder = t.testdir({ 'keys.json': JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) }) })
  const file = join(folder, 'issuers.json')
  writeFileSync(file, JSON.stringify([{ ...entryOf(kind), jwksFile: 'keys.json' }]))
  const app = await buildApp(t, issuer, {
    environment: { AUTH0_DOMAIN: '', AUTH0_AUDIENCE: '', ISSUERS_FILE: file },
    extend: (app) => {
      const { scope, permission, role } = kind
      app.get('/any', { preHandler: app.authenticate }, async ({ token }) => token)
      app.get('/scope', { preHandler: app.requiresScope(scope ?? 'read:messages') }, async () => 'ok')
      app.get(
        '/permission',
        { preHandler: app.requiresPermission(permission ?? 'read:messages') },
        async () => 'ok',
      )
      app.get('/role', { preHandler: app.requiresRole(role ?? 'admin') }, async () => 'ok')
    },
  })
  const get = async (path: string, changes: object = {}) => {
    const token = await issuer.sign(
      { azp: undefined, aud: undefined, ...kind.claims, ...withoutSub(kind), ...changes },
      kind.header,
    )
    const { statusCode } = await app.inject({ url: path, headers: bearer(token) })
    return statusCode
  }
  return get
}

/** The claims of the test issuer have a subject. */
function withoutSub({ claims }: TokenKind): object {
  return 'sub' in claims ? {} : { sub: undefined }
}

const statuses = new Map<string, string[]>()

for (const kind of tokenKinds) {
  t.test(`${kind.name}: the documented token is accepted, and its refused twins are not`, async (t) => {
    const get = await start(t, kind)
    const row = await Promise.all(['/any', '/scope', '/permission', '/role'].map((path) => get(path)))
    statuses.set(kind.name, row.map(String))
    t.strictSame(row, [
      200,
      kind.scope === undefined ? 403 : 200,
      kind.permission === undefined ? 403 : 200,
      kind.role === undefined ? 403 : 200,
    ])
    for (const [name, changes] of Object.entries(kind.refused)) t.equal(await get('/any', changes), 401, name)
  })
}

t.test('docs/issuers/README.md has the results of this test', async (t) => {
  const rows = tableRows('docs/issuers/README.md', 'token', 'any valid token', 'scope', 'permission', 'role')
  t.strictSame(
    rows.map(([name = '', ...cells]) => [name.replace(/\[(.*)\]\(.*\)/, '$1'), ...cells]),
    [...statuses].map(([name, row]) => [name, ...row]),
  )
})
