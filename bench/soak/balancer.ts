import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answering, type Children } from './children.ts'

/** Finds HAProxy, or throws with an installation hint. */
export function requireHaproxy(): string {
  process.env.PATH += ':/usr/sbin' // where Debian installs it; only root has it in the path
  const { stdout, error } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' })
  if (error)
    throw new Error('haproxy is required as the balancer: apt-get install haproxy (or brew install haproxy)')
  return /^HAProxy version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version'
}

/** Starts HAProxy in front of the replicas, configured as docs/resilience.md recommends. */
export async function startBalancer(
  children: Children,
  folder: string,
  port: number,
  replicas: readonly string[],
) {
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(port, replicas))
  const child = children.start('haproxy', ['-db', '-f', file], 'balancer')
  const url = `http://127.0.0.1:${port}`
  await answering(`${url}/livez`, child)
  return { url, pid: child.pid ?? 0 }
}

function configuration(port: number, replicas: readonly string[]): string {
  const servers = (name: string, options: string) =>
    replicas.map((url, n) => `  server ${name}-${n} ${new URL(url).host} ${options}`).join('\n')
  return `
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout http-keep-alive 60s
  # The service itself waits up to 5 s for an issuer, and less for its database
  timeout server 6s
  # A replica that refuses the connection has not seen the request, so any request is retried on another
  retries 3
  option redispatch 1

listen service
  bind 127.0.0.1:${port}
  balance leastconn
  # A replica that closes without a response, or hangs, may have executed it: only idempotent requests are retried
  retry-on conn-failure empty-response response-timeout
  http-request disable-l7-retry if !METH_GET
  option httpchk GET /readyz
  http-check expect status 200
  timeout check 2s
${servers('ready', 'check inter 500ms fall 2 rise 1')}
  # When none is ready, the replicas respond themselves: they serve some requests, and explain the errors
  option allbackups
${servers('unready', 'backup')}
`
}
