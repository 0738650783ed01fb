import view from '@fastify/view'
import { Eta } from 'eta'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Account } from '../login/account.ts'
import { pageContentSecurityPolicy, pictureUrl } from './content-security-policy.ts'

/** The templates and their data. */
interface Pages {
  home: Record<string, never>
  profile: { account: Account }
  message: { heading: string; explanation: string; box: { caption: string; code: string } }
  error: { statusCode: number; code: string; heading: string; explanation: string }
}

declare module 'fastify' {
  interface FastifyReply {
    /** Sends a page of the web app. */
    page: <Name extends keyof Pages>(name: Name, data: Pages[Name]) => FastifyReply
  }
}

/** Renders the templates of this folder. Values are escaped. */
export default fp(
  async (app) => {
    const issuers = app.config.AUTH0_DOMAIN
    await app.register(view, {
      engine: { eta: new Eta({ autoEscape: true }) },
      root: import.meta.dirname,
      production: true, // reads each template once
      defaultContext: { assets: app.assetsPath },
    })
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pageContentSecurityPolicy(issuers),
      'cache-control': 'no-store', // the back button shows nothing private after logout
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
