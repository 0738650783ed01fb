import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Account } from '../login/account.ts'

/** STAND-IN, to be replaced as a whole by the file of the same name that renders templates. */
interface Pages {
  home: Record<string, never>
  profile: { account: Account }
  message: { heading: string; explanation: string; box: { caption: string; code: string } }
  error: { statusCode: number; heading: string; explanation: string }
}

declare module 'fastify' {
  interface FastifyReply {
    page: <Name extends keyof Pages>(name: Name, data: Pages[Name]) => FastifyReply
  }
}

export default fp(
  async (app) => {
    app.decorateReply('page', function (this: FastifyReply, name, data) {
      const texts = JSON.stringify({ ...data, account: this.request.account }, null, 1).replaceAll(
        '<',
        '&lt;',
      )
      return this.headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).send(
        `<!doctype html><title>${name}</title><pre>${texts.replaceAll('\\n', '\n').replaceAll('\\"', '"')}</pre>`,
      )
    })
  },
  { name: 'views' },
)
