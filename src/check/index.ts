import Fastify from 'fastify'
import { authOptions } from '../app.ts'
import { type Config, summarize } from '../config/index.ts'
import auth, { askIssuers } from '../plugins/auth/index.ts'
import { checkDatabase } from '../plugins/store/check.ts'

/**
 * `npm run check`: asks every issuer, opens the database, and says what is enabled. Changes nothing.
 *
 * @returns whether the service can work with this configuration
 */
export async function check(
  config: Config,
  warnings: readonly string[],
  write: (line: string) => void,
): Promise<boolean> {
  write('ok    configuration')
  const results = [await checkIssuers(config, write), await checkStore(config, write)]
  const parts = Object.entries(summarize(config)).map(([name, state]) =>
    state === 'off' ? `off   ${name}` : `on    ${name}: ${state}`,
  )
  write([...warnings.map((warning) => `warn  ${warning}`), ...parts].join('\n'))
  return results.every((isUsable) => isUsable)
}

async function checkIssuers(config: Config, write: (line: string) => void): Promise<boolean> {
  const app = Fastify()
  await app.register(auth, authOptions(config))
  await app.ready()
  const reports = await askIssuers(app.issuers.values(), Date.now())
  await app.close()
  const lines = reports.map(({ issuer, keys, fault }) =>
    fault === undefined ? `ok    issuer ${issuer}: ${keys} keys` : `FAIL  issuer ${issuer}: ${fault}`,
  )
  write(lines.join('\n'))
  return reports.every(({ fault }) => fault === undefined)
}

async function checkStore({ DATABASE_URL }: Config, write: (line: string) => void): Promise<boolean> {
  try {
    write(`ok    database: ${await checkDatabase(DATABASE_URL)}`)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    write(`FAIL  database: ${[...new Set([message, code])].filter(Boolean).join(', ')}`)
    return false
  }
}
