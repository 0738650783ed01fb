import type { FastifyInstance } from 'fastify'
import { httpErrors, ServiceError } from '../../src/errors/catalogue.ts'
import { acceptForms } from '../../src/plugins/media-types.ts'
import { sendErrorPage } from '../../src/web/errors.ts'
import type { Account } from '../../src/web/login/account.ts'
import type { Session } from '../../src/web/login/sessions.ts'

/** Turns the web app on. */
export const webApp = {
  AUTH0_CLIENT_ID: 'web',
  AUTH0_CLIENT_SECRET: 'web-secret',
  SESSION_SECRET: 'a-secret-of-the-tests-and-nothing-else',
}

const message = {
  heading: 'Protected message',
  explanation: 'This message is for users who are logged in.',
  box: { caption: 'GET /api/messages/protected', code: '{\n  "text": "This is a protected message."\n}' },
}

export interface PageFixture {
  /** Account of the session; may change between requests. */
  account: Account | null
  message: typeof message
  /** Value that `GET /throws` throws. */
  thrown: unknown
}

export const ada: Account = {
  sub: 'auth0|0123456789abcdef01234567',
  nickname: 'ada',
  name: 'Ada Lovelace',
  picture: 'https://pictures.test/ada.png',
  updated_at: '2026-11-21T10:00:00.000Z',
  email: 'ada@example.com',
  email_verified: true,
}

export function newFixture(): PageFixture {
  return { account: null, message: structuredClone(message), thrown: new Error('a secret') }
}

/** A session of a user with every permission. */
function sessionOf(account: Account): Session {
  const tokens = {
    accessToken: 'a',
    accessTokenExpiresAt: undefined,
    refreshToken: undefined,
    idToken: undefined,
  }
  const grants = ['read:admin-messages', 'read:users', 'read:audit']
  return { idHash: 'h', revision: 0, user: 1, contents: { ...tokens, account, grants } }
}

/** Pages that replace the real ones and show the fixture. */
export function fixturePages(fixture: PageFixture) {
  return async (app: FastifyInstance) => {
    await app.register(async (pages) => {
      const page = { config: { public: true }, schema: { hide: true }, constraints: { host: /./ } } // precedes the real page
      pages.setErrorHandler(sendErrorPage)
      acceptForms(pages)
      pages.addHook('onRequest', async (request) => {
        request.account = fixture.account
        request.session = fixture.account && sessionOf(fixture.account)
      })
      pages.get('/', page, (_request, reply) => reply.page('home', {}))
      pages.get('/profile', page, ({ account }, reply) => {
        if (!account) throw new ServiceError(httpErrors.internalError)
        return reply.page('profile', { account })
      })
      const below = ['/profile/picture', '/profiles', '/admin/users/1', '/admin/audit/1', '/admin/other']
      for (const path of ['/public', '/protected', '/admin', ...below]) {
        pages.get(path, page, (_request, reply) => reply.page('message', fixture.message))
      }
      pages.post('/logout', page, (_request, reply) => reply.redirect(`${app.config.LOGIN_ISSUER}v2/logout`))
      pages.get('/throws', page, () => {
        throw fixture.thrown
      })
    })
  }
}
