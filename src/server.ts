import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import { app } from './app.ts'
import { fail, readConfig } from './config/command.ts'
import { summarize } from './config/index.ts'
import { BootError } from './errors/boot-error.ts'
import { explainListenError, isListenError } from './errors/listen-error.ts'
import { serverOptions } from './server-options.ts'

process.stdout.on('error', () => {}) // a closed standard output must not end the process

const { config, warnings } = readConfig()
if (process.argv.includes('--check')) {
  const { check } = await import('./check/index.ts')
  const isUsable = await check(config, warnings, (line) => process.stdout.write(`${line}\n`))
  process.exitCode = isUsable ? 0 : 1
} else await serve()

async function serve() {
  const { SHUTDOWN_DELAY_SECONDS, SHUTDOWN_GRACE_SECONDS } = config
  const server = Fastify(serverOptions(config))
  server.log.info({ configuration: summarize(config) }, 'starting')
  for (const warning of warnings) server.log.warn(warning)

  // The first signal lets requests in flight finish. A second signal or the end of the grace time exits with 1
  closeWithGrace(
    { delay: (SHUTDOWN_DELAY_SECONDS + SHUTDOWN_GRACE_SECONDS) * 1000, logger: server.log },
    async ({ err, signal }) => {
      if (err) server.log.fatal({ err }, 'closing after an unexpected error')
      else server.log.info({ signal }, 'closing')
      server.startDraining()
      if (!err) await delay(SHUTDOWN_DELAY_SECONDS * 1000)
      await server.close()
      server.log.info('closed')
    },
  )

  try {
    await server.register(app, { config })
    await server.listen({ host: config.HOST, port: config.PORT })
  } catch (error) {
    fail(describe(error as Error))
  }
}

/** Returns the message of an expected error and the stack of any other. */
function describe(error: Error): string {
  if (isListenError(error))
    return explainListenError(error, { host: config.HOST, port: config.PORT }, { port: 'PORT', host: 'HOST' })
  return error instanceof BootError || 'syscall' in error ? error.message : String(error.stack)
}
