import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { ada, fixturePages, newFixture, webApp } from '../../helpers/pages.ts'

const views = `${import.meta.dirname}/../../../src/web`
const templates = globSync('**/*.eta', { cwd: views })

t.test(
  'no template has an inline script or style, which the content security policy would block',
  async (t) => {
    t.ok(templates.length >= 6)
    for (const name of templates) {
      const template = readFileSync(`${views}/${name}`, 'utf8')
      for (const [tag] of template.matchAll(/<[a-z](?:<%.*?%>|[^>])*>/gs)) {
        t.notMatch(
          tag,
          /\s(style|on[a-z]+)\s*=|^<style|javascript:|^<script(?![^>]* src=)/i,
          `${name}: ${tag}`,
        )
      }
    }
  },
)

t.test('only parts of a page are inserted unescaped', async (t) => {
  for (const name of templates) {
    const raw = readFileSync(`${views}/${name}`, 'utf8').match(/<%~.*?%>/gs) ?? []
    for (const tag of raw) t.match(tag, /^<%~ (include\('(\.|\/views)\/[a-z-]+', .*\)|it\.body) %>$/, name)
  }
})

t.test('every link in a page or in a stylesheet has a target', async (t) => {
  const fixture = newFixture()
  const app = await buildApp(t, await TestIssuer.start(t), {
    environment: webApp,
    extend: fixturePages(fixture),
  })
  const addresses = new Set<string>()
  for (const account of [null, { ...ada, picture: '' }]) {
    fixture.account = account
    for (const url of ['/', '/public', '/nowhere', ...(account ? ['/profile'] : [])]) {
      const { body } = await app.inject({ url, headers: { accept: 'text/html' } })
      for (const [, address = ''] of body.matchAll(/\s(?:href|src)="([^"]*)"/g)) addresses.add(address)
    }
  }
  const styles = [...addresses].filter((address) => address.endsWith('.css'))
  t.equal(styles.length, 2)
  for (const style of styles) {
    const { body } = await app.inject(style)
    for (const [, address] of body.matchAll(/url\("(.*?)"\)/g)) addresses.add(`${app.assetsPath}/${address}`)
  }

  // Redirect to the issuer or the login; tested there
  const byLogin = [
    '/todos', // part: todos
    ...['/login', '/signup', '/sessions', '/admin/users', '/admin/audit'],
  ]
  t.ok(addresses.size >= 16)
  for (const address of addresses) {
    if (byLogin.includes(address) || address === '#main') continue
    const { statusCode } = await app.inject(address)
    t.ok([200, 301].includes(statusCode), `${address}: ${statusCode}`) // 301: /docs to /docs/
  }
})
