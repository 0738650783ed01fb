import autoload from '@fastify/autoload'
import cookie from '@fastify/cookie'
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { acceptForms } from '../plugins/media-types.ts'
import api from './api.ts'
import assets from './assets.ts'
import backchannelLogout from './backchannel-logout.ts'
import { rejectCrossSite } from './cross-site.ts'
import { handlePageErrors } from './errors.ts'
import expiry from './login/delete-expired.ts'
import login from './login/index.ts'
import { ignorePrefetch } from './login/prefetch.ts'
import views from './views/index.ts'

/** The pages have a scope of their own, so that no route of the API reads a cookie. */
const pages: FastifyPluginAsync = async (app) => {
  handlePageErrors(app)
  await app.register(cookie)
  app.addHook('onRequest', ignorePrefetch)
  app.addHook('onRequest', app.findSession)
  app.addHook('onRequest', rejectCrossSite(app.config.BASE_URL))
  acceptForms(app)
  await app.register(autoload, { dir: `${import.meta.dirname}/pages`, dirNameRoutePrefix: false })
}

/** The web app: login, pages and their assets. */
export default fp(
  async (app) => {
    for (const plugin of [login, expiry, api, assets, views]) await app.register(plugin)
    await app.register(backchannelLogout)
    await app.register(pages)
  },
  { name: 'web', dependencies: ['env', 'auth', 'guards', 'store', 'users', 'revocation'] },
)
