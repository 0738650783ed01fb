import autoload from '@fastify/autoload'
import cookie from '@fastify/cookie'
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import assets from './assets.ts'
import backchannelLogout from './backchannel-logout.ts'
import { handlePageErrors } from './errors.ts'
import expiry from './login/delete-expired.ts'
import login from './login/index.ts'
import views from './views/index.ts'

/** The pages have a scope of their own, so that no route of the API reads a cookie. */
const pages: FastifyPluginAsync = async (app) => {
  handlePageErrors(app)
  await app.register(cookie)
  app.addHook('onRequest', app.findSession)
  await app.register(autoload, { dir: `${import.meta.dirname}/pages` })
}

/** The web app: login, pages and their assets. */
export default fp(
  async (app) => {
    for (const plugin of [login, expiry, assets, views]) await app.register(plugin)
    await app.register(backchannelLogout)
    await app.register(pages)
  },
  { name: 'web', dependencies: ['env', 'auth', 'guards', 'store', 'users'] },
)
