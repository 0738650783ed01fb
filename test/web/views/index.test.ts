import t from 'tap'
import { httpErrors, ServiceError } from '../../../src/errors/catalogue.ts'
import type { Account } from '../../../src/web/login/account.ts'
import { buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { ada, fixturePages, newFixture, webApp } from '../../helpers/pages.ts'

t.test('the pages', async (t) => {
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

  t.test('come as HTML under a policy of their own, and are kept by no cache', async (t) => {
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
        'strict-transport-security': /./,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      t.notOk(headers['cross-origin-embedder-policy'], 'it would block the pictures of people')
    }
  })

  t.test('say in their title what they are', async (t) => {
    fixture.account = ada
    t.match(await page('/'), /<title>Gatehouse<\/title>/)
    t.match(await page('/profile'), /<title>Profile - Gatehouse<\/title>/)
    t.match(await page('/protected'), /<title>Protected message - Gatehouse<\/title>/)
    t.match(await page('/nowhere'), /<title>Page not found - Gatehouse<\/title>/)
  })

  t.test('offer Profile and Public, Sign Up and Log In to somebody unknown', async (t) => {
    for (const path of ['/', '/public', '/nowhere']) {
      t.strictSame(navigation(await page(path)), [
        'Profile /profile',
        'Public /public',
        'Sign Up /signup',
        'Log In /login',
      ])
    }
  })

  t.test('offer all tabs and Log Out to who has signed in', async (t) => {
    fixture.account = ada
    for (const path of ['/', '/admin', '/profile']) {
      const html = await page(path)
      t.strictSame(navigation(html), [
        'Profile /profile',
        'Public /public',
        'Protected /protected',
        'Admin /admin',
      ])
      t.match(html, /<form method="post" action="\/logout"><button class="button">Log Out<\/button><\/form>/)
    }
  })

  t.test('mark the tab that is shown, and no other', async (t) => {
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

  t.test('home says what this is and leads on', async (t) => {
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

  t.test('the profile does with what there is', async (t) => {
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

  t.test('a picture that could be anything but a picture is not shown', async (t) => {
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

  t.test('the message page shows heading, explanation and the box', async (t) => {
    const html = await page('/public')
    t.equal(textOf(html, 'h1'), fixture.message.heading)
    t.match(html, `<p>${fixture.message.explanation}</p>`)
    t.equal(textOf(html, 'figcaption'), fixture.message.box.caption)
    t.equal(textOf(html, 'code'), fixture.message.box.code)
  })

  t.test('show markup as the text it is', async (t) => {
    const markup = `</code>"'><script>alert('&amp;')</script><img src=x onerror=alert(1)>`
    const tags = async (url: string) => (await page(url)).match(/<\/?[a-z][^>]*>/gi)
    const isText = async (url: string, what: string, change: () => void) => {
      const before = await tags(url)
      change()
      t.strictSame(await tags(url), before, `${what} adds no tag`)
      t.match(await page(url), /&lt;script&gt;alert\(/, `${what} is shown`)
    }

    for (const claim of Object.keys(ada)) {
      // Markup where the claim's type is another is an issuer's lie: shown as text, too
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

t.test('without the web app there are no pages', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  t.notOk(app.hasReplyDecorator('page'))
})

/** Names and addresses of the links of the navigation. */
function navigation(html: string): string[] {
  const [nav = ''] = /<nav.*<\/nav>/s.exec(html) ?? []
  return [...nav.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g)].map(
    ([, href, name]) => `${name} ${href}`,
  )
}

/** The text of the first such element. */
function textOf(html: string, element: string): string {
  const [, text = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(html) ?? []
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
