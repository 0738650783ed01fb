import { join } from 'node:path'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { pagePolicy, pictureUrl } from './content-security-policy.ts'
import type { Account } from './login/account.ts'

/** The pages and what each is made of. */
interface Pages {
  home: Record<string, never>
  profile: { account: Account }
  message: { heading: string; explanation: string; box: { caption: string; code: string } }
  error: { statusCode: number; code: string; heading: string; explanation: string }
}

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with a page of the web app; there are none when it is off. */
    page: <Name extends keyof Pages>(name: Name, data: Pages[Name]) => FastifyReply
  }
}

/** The pages: templates of src/views, in which whatever is put is escaped. */
export default fp(
  async (app) => {
    const [{ default: view }, { Eta }] = await Promise.all([import('@fastify/view'), import('eta')])
    const issuers = app.config.AUTH0_DOMAIN
    await app.register(view, {
      engine: { eta: new Eta({ autoEscape: true }) },
      root: join(import.meta.dirname, './views'),
      production: true, // templates are read once, as code is
      defaultContext: { assets: app.assetsPath },
    })
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy(issuers),
      'cache-control': 'no-store', // going back after logging out shows nothing
    }
    app.decorateReply('page', function (this: FastifyReply, name, data) {
      const { account, url } = this.request
      const path = url.replace(/\/*(\?.*)?$/s, '') || '/'
      const picture = pictureUrl(account?.picture, issuers)
      return this.headers(headers).view(name, { ...data, account, picture, path })
    })
  },
  { name: 'views', dependencies: ['env', 'assets'] },
)
