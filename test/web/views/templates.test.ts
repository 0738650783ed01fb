import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { ada, fixturePages, newFixture, webApp } from '../../helpers/pages.ts'

const views = `${import.meta.dirname}/../../../src/web/views`
const templates = globSync('*.eta', { cwd: views })

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
    for (const tag of raw) t.match(tag, /^<%~ (include\('\.\/[a-z-]+', .*\)|it\.body) %>$/, name)
  }
})

t.test('every link in a page or in the stylesheet has a target', async (t) => {
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
  const styles = (await app.inject(`${app.assetsPath}/style.css`)).body
  for (const [, address] of styles.matchAll(/url\("(.*?)"\)/g)) addresses.add(`${app.assetsPath}/${address}`)

  const byLogin = ['/login', '/signup'] // redirect to the issuer; tested there
  t.ok(addresses.size >= 14)
  for (const address of addresses) {
    if (byLogin.includes(address) || address === '#main') continue
    const { statusCode } = await app.inject(address)
    t.ok([200, 301].includes(statusCode), `${address}: ${statusCode}`) // 301: /docs to /docs/
  }
})
