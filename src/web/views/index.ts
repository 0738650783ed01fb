import view from '@fastify/view'
import { Eta } from 'eta'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { serviceTitle } from '../../http/service.ts'
import type { AuditEntry } from '../../plugins/store/tables/audit-log.ts'
import type { Account } from '../login/account.ts'
import type { ListedSession } from '../login/sessions.ts'
import { pageContentSecurityPolicy, pictureUrl } from './content-security-policy.ts'
import { jsonTokens } from './json-tokens.ts'

/** The templates and their data. Pages in folders of their own declare theirs there. */
export interface Pages {
  home: Record<string, never>
  profile: { account: Account }
  message: { heading: string; explanation: string; box: { caption: string; code: string } }
  sessions: { sessions: readonly ListedSession[] }
  audit: { entries: readonly AuditEntry[] }
  error: ErrorPage
}

interface ErrorPage {
  statusCode: number
  code: string
  heading: string
  explanation: string
  /** Address of the login that the page offers, instead of the home page. */
  login?: string
  /** JSON of the form that was not accepted. */
  sent?: string
}

/** A link in the navigation. */
interface NavigationLink {
  readonly path: string
  readonly name: string
  /** Links are sorted by it. */
  readonly position: number
  /** Visitors too, all users, or users whose access token has the scope or permission. */
  readonly shownTo: 'everyone' | 'users' | { readonly grant: string }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Adds a link to the navigation of all pages. */
    addToNavigation: (link: NavigationLink) => void
  }
  interface FastifyReply {
    /** Sends a page of the web app. */
    page: <Name extends keyof Pages>(name: Name, data: Pages[Name]) => FastifyReply
  }
}

/** Renders the templates of this folder, and of folders of pages. Values are escaped. */
export default fp(
  async (app) => {
    const issuers = [...app.issuers.keys()]
    await app.register(view, {
      engine: { eta: new Eta({ autoEscape: true }) },
      root: `${import.meta.dirname}/..`,
      production: true, // reads each template once
      defaultContext: {
        assets: app.assetsPath,
        service: serviceTitle,
        hasDocs: app.config.DOCS === 'on',
        jsonTokens,
      },
    })
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pageContentSecurityPolicy(issuers),
      'cache-control': 'no-store', // the back button shows nothing private after logout
    }
    const links: NavigationLink[] = []
    app.decorate('addToNavigation', (link) => {
      links.push(link)
      links.sort((a, b) => a.position - b.position)
    })
    const isShown = ({ shownTo }: NavigationLink, { account, session }: FastifyRequest) => {
      if (shownTo === 'everyone') return true
      return account !== null && (shownTo === 'users' || session?.contents.grants?.includes(shownTo.grant))
    }
    app.decorateReply('page', function (this: FastifyReply, name, data) {
      const { account, url } = this.request
      const path = url.replace(/\/*(\?.*)?$/s, '') || '/'
      const picture = pictureUrl(account?.picture, issuers)
      const navigation = links.filter((link) => isShown(link, this.request))
      const section = sectionOf(links, path)
      const template = name.includes('/') ? name : `views/${name}`
      return this.headers(headers).view(template, { ...data, account, picture, path, navigation, section })
    })
  },
  { name: 'views', dependencies: ['auth', 'assets'] },
)

/** Path of the link to the page or to the nearest page above it, also of links that are not shown. */
function sectionOf(links: readonly NavigationLink[], path: string): string | undefined {
  const above = links.filter((link) => `${path}/`.startsWith(`${link.path}/`))
  return above.toSorted((a, b) => b.path.length - a.path.length)[0]?.path
}
