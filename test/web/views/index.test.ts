import t from 'tap'
import { httpErrors, ServiceError } from '../../../src/errors/catalogue.ts'
import type { Account } from '../../../src/web/login/account.ts'
import { buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { ada, fixturePages, newFixture, webApp } from '../../helpers/pages.ts'

t.test('pages', async (t) => {
  const issuer = await TestIssuer.start(t)
  const fixture = newFixture()
  const app = await buildApp(t, issuer, {
    environment: { ...webApp, AUTH0_DOMAIN: `${issuer.url}, https://tenant.eu.auth0.com/` },
    extend: fixturePages(fixture),
  })
  const page = async (url: string) => (await app.inject({ url, headers: { accept: 'text/html' } })).body

  t.beforeEach(() => {
    Object.assign(fixture, newFixture())
  })

  t.test('are HTML with a content security policy of their own, and are not cached', async (t) => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, headers } = await app.inject({ method, url: '/' })
      t.equal(statusCode, 200)
      const local = new URL(issuer.url).origin
      t.match(headers, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "font-src 'self'",
          `img-src 'self' https: ${local}`,
          `form-action 'self' ${local} https://tenant.eu.auth0.com`,
          "base-uri 'none'",
          "frame-ancestors 'none'",
        ].join('; '),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      t.notOk(headers['cross-origin-embedder-policy'], 'it would block profile pictures')
    }
  })

  t.test('have a title', async (t) => {
    fixture.account = ada
    t.match(await page('/'), /<title>Gatehouse<\/title>/)
    t.match(await page('/profile'), /<title>Profile - Gatehouse<\/title>/)
    t.match(await page('/protected'), /<title>Protected message - Gatehouse<\/title>/)
    t.match(await page('/nowhere'), /<title>Page not found - Gatehouse<\/title>/)
  })

  t.test('offer Public, Sign Up and Log In without a session', async (t) => {
    for (const path of ['/', '/public', '/nowhere']) {
      t.strictSame(navigation(await page(path)), ['Public /public', 'Sign Up /signup', 'Log In /login'])
    }
  })

  t.test('offer what the user can use and Log Out with a session', async (t) => {
    fixture.account = ada
    for (const path of ['/', '/admin', '/profile']) {
      const html = await page(path)
      t.strictSame(navigation(html), [
        'To-dos /todos', // part: todos
        'Public /public',
        'Protected /protected',
        'Admin /admin',
        'Profile /profile',
        'Sessions /sessions',
        'Users /admin/users',
        'Audit /admin/audit',
      ])
      t.match(
        html,
        /<form method="post" action="\/logout"><button class="button plain">Log Out<\/button><\/form>/,
      )
    }
  })

  t.test('mark the current tab and no other', async (t) => {
    fixture.account = ada
    for (const path of ['/profile', '/public', '/protected', '/admin']) {
      for (const url of [path, `${path}/`, `${path}?a=/admin`]) {
        const current = [...(await page(url)).matchAll(/<a href="([^"]*)" aria-current="page">/g)]
        t.strictSame(
          current.map(([, href]) => href),
          [path],
          url,
        )
      }
    }
    t.notMatch(await page('/'), /aria-current/)
  })

  t.test('mark the tab above a page that has none itself', async (t) => {
    fixture.account = ada
    const current = async (url: string) =>
      /<a href="([^"]*)" aria-current="true">/.exec(await page(url))?.[1] ?? 'none'
    for (const [url, tab] of [
      ['/profile/picture', '/profile'],
      ['/admin/users/1?a=b', '/admin/users'],
      ['/admin/audit/1', '/admin/audit'],
      ['/admin/other', '/admin'],
      ['/profiles', 'none'],
    ] as const) {
      t.equal(await current(url), tab, url)
      t.notMatch(await page(url), /aria-current="page"/)
    }
    fixture.account = null
    t.equal(await current('/admin/users/1'), 'none', 'a link that is not shown')
  })

  t.test('home introduces the service and links to login, or to the profile', async (t) => {
    const html = await page('/')
    t.match(html, /<h1>[^<]+<\/h1>/)
    t.match(html, /<section class="hero">.*href="\/login".*href="\/docs".*<\/section>/s)
    fixture.account = ada
    t.match(await page('/'), /<section class="hero">.*href="\/profile".*<\/section>/s)
  })

  t.test('the profile shows picture, name, e-mail and all claims', async (t) => {
    fixture.account = ada
    const html = await page('/profile')
    t.match(html, /<img src="https:\/\/pictures\.test\/ada\.png" alt="">/)
    t.match(html, /<h2>Ada Lovelace<\/h2>/)
    t.match(html, /<p>ada@example\.com<\/p>/)
    t.strictSame(JSON.parse(textOf(html, 'code')), ada)
  })

  t.test('the profile works with missing claims', async (t) => {
    const named = async (account: Account) => {
      fixture.account = account
      const html = await page('/profile')
      return [textOf(html, 'h2'), html.match(/<img src="https:/g)?.length ?? 0, /<p>ada@/.test(html)]
    }
    const { sub, nickname = '', email = '' } = ada
    t.strictSame(await named({ sub }), [sub, 0, false])
    t.strictSame(await named({ sub, name: '' }), [sub, 0, false])
    t.strictSame(await named({ sub, nickname, email }), [nickname, 0, true])
    t.strictSame(await named({ sub, email }), [email, 0, false], 'not twice')
    t.strictSame(await named({ sub, name: email, email }), [email, 0, false], 'not twice')
  })

  t.test('a picture with an unsafe URL is not shown', async (t) => {
    for (const [picture, isShown] of [
      ['https://pictures.test/ada.png', true],
      [`${issuer.url}picture/a.svg`, true],
      ['http://pictures.test/ada.png', false],
      ['javascript:alert(1)', false],
      ['data:image/svg+xml,<svg onload="alert(1)"/>', false],
    ] as const) {
      fixture.account = { ...ada, picture }
      const [, shown = ''] = /<span class="picture"[^>]*>(.*?)<\/span>/s.exec(await page('/profile')) ?? []
      t.equal(shown, isShown ? `A<img src="${picture}" alt="">` : 'A', picture)
    }
  })

  t.test('the message page shows heading, explanation and code box', async (t) => {
    const html = await page('/public')
    t.equal(textOf(html, 'h1'), fixture.message.heading)
    t.match(html, `<p>${fixture.message.explanation}</p>`)
    t.equal(textOf(html, 'figcaption'), fixture.message.box.caption)
    t.equal(textOf(html, 'code'), fixture.message.box.code)
    t.match(html, '<span class="code-name">&quot;text&quot;</span>: <span class="code-string">&quot;')
    t.match(html, /<button [^>]*hidden>Copy<\/button>/)
  })

  t.test('a sentence in the code box is not highlighted', async (t) => {
    fixture.message.box.code = 'The API cannot be reached: 1 true "reason".'
    const html = await page('/public')
    t.equal(textOf(html, 'code'), fixture.message.box.code)
    t.notMatch(html, /class="code-(name|string|number|word)"/)
  })

  t.test('show markup as text', async (t) => {
    const markup = `</code>"'><script>alert('&amp;')</script><img src=x onerror=alert(1)>`
    const highlight = /<span class="code-\w+">([^<]*)<\/span>/g
    const tags = async (url: string) => (await page(url)).replace(highlight, '$1').match(/<\/?[a-z][^>]*>/gi)
    const isText = async (url: string, name: string, change: () => void) => {
      const before = await tags(url)
      change()
      t.strictSame(await tags(url), before, `${name} adds no tag`)
      t.match(await page(url), /&lt;script&gt;alert\(/, `${name} is shown`)
    }

    for (const claim of Object.keys(ada)) {
      // Also claims that are not text by their type
      const account = { ...ada, picture: '' }
      fixture.account = account
      await isText('/profile', claim, () => {
        fixture.account = { ...account, [claim]: markup }
      })
    }
    const { message } = fixture
    for (const part of ['heading', 'explanation'] as const) {
      await isText('/public', part, () => {
        fixture.message = { ...message, [part]: markup }
      })
    }
    for (const part of ['caption', 'code'] as const) {
      fixture.message = message
      await isText('/public', part, () => {
        fixture.message = { ...message, box: { ...message.box, [part]: markup } }
      })
    }
    fixture.thrown = new ServiceError(httpErrors.badRequest)
    await isText('/throws', 'an error', () => {
      fixture.thrown = Object.assign(new ServiceError(httpErrors.badRequest), { message: markup })
    })
  })
})

t.test('without the web app pages do not exist', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  t.notOk(app.hasReplyDecorator('page'))
})

/** Names and addresses of the links in the navigation. */
function navigation(html: string): string[] {
  const [nav = ''] = /<nav.*<\/nav>/s.exec(html) ?? []
  return [...nav.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g)].map(
    ([, href, name]) => `${name} ${href}`,
  )
}

/** The text of the first element with this name. */
function textOf(html: string, element: string): string {
  const [, text = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(html) ?? []
  return text
    .replace(/<\/?span[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
