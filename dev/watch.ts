import { type ChildProcess, spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { addPermissions } from './tenant/api.ts'

const root = join(import.meta.dirname, '..')

/** Editors write a file in several steps. */
const SETTLE_MS = 50

/** Requests that take longer do not delay a restart. */
const GRACE_SECONDS = '1'

/**
 * Runs the service in a process of its own, which starts again after each change below `src`. This process keeps the local
 * tenant, with its signing keys and logins, and grants the scopes of new routes. Not `node --watch`, which does not pass
 * messages between the processes.
 */
export function watchService(): void {
  let service: ChildProcess | undefined
  let isEnding = false
  let isRestarting = false
  let timer: NodeJS.Timeout | undefined

  const run = () => {
    isRestarting = false
    service = spawnService()
    service.once('exit', () => {
      service = undefined
      if (isEnding) process.exit()
      if (isRestarting) run()
      else process.stderr.write('The service has ended. It starts again after the next change below src.\n')
    })
  }
  const restart = () => {
    isRestarting = service !== undefined
    if (service) service.kill('SIGTERM')
    else run()
  }
  watch(join(root, 'src'), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(restart, SETTLE_MS)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      isEnding = true
      if (service) service.kill(signal)
      else process.exit()
    })
  run()
}

function spawnService(): ChildProcess {
  const env = {
    SHUTDOWN_GRACE_SECONDS: GRACE_SECONDS,
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile'),
    ...process.env,
  }
  const service = spawn(process.execPath, [join(root, 'dev/watched.ts')], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  service.on('message', ({ scopes }: { scopes: string[] }) => addPermissions(scopes))
  return service
}
