import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

const INTERVAL_MS = 100
const TIMEOUT_MS = 10_000

/** Number of responses by kind of request, and by status or error. */
export type Outcomes = Record<string, Record<string, number>>

/** Requests of the callers: each kind has one connection, and sends its next request after the response. */
const kinds = {
  '/livez': { path: '/livez', good: '200' },
  '/readyz': { path: '/readyz', good: '200' },
  'known token': { path: '/api/private', good: '200' },
  'list of to-dos': { path: '/todo', good: '200' },
  'new to-do': { path: '/todo', method: 'POST', good: '201' },
  'profile page': { path: '/profile', good: '200' },
} as const

export type Kind = keyof typeof kinds

export const kindNames = Object.keys(kinds) as Kind[]

export function goodStatus(kind: Kind): string {
  return kinds[kind].good
}

export class Callers {
  readonly acknowledged: { id: number; title: string }[] = []
  cookie = ''
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: kindNames.length })
  #outcomes: Outcomes = {}
  #slowestProbeMs = 0
  #loops: Promise<void>[] = []
  #isStopped = false

  constructor(url: string) {
    this.#url = url
  }

  start(token: string): void {
    this.#loops = kindNames.map((kind) => this.#repeat(kind, token))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  /** Returns the outcomes since the last call. */
  take(): { outcomes: Outcomes; slowestProbeMs: number } {
    const taken = { outcomes: this.#outcomes, slowestProbeMs: this.#slowestProbeMs }
    this.#outcomes = {}
    this.#slowestProbeMs = 0
    return taken
  }

  async #repeat(kind: Kind, token: string): Promise<void> {
    while (!this.#isStopped) {
      const before = performance.now()
      const outcome = await this.#send(kind, token).catch((error) => String(error.code ?? error.message))
      if (kind === '/livez') this.#slowestProbeMs = Math.max(this.#slowestProbeMs, performance.now() - before)
      this.#outcomes[kind] ??= {}
      this.#outcomes[kind][outcome] = (this.#outcomes[kind][outcome] ?? 0) + 1
      await delay(INTERVAL_MS)
    }
  }

  async #send(kind: Kind, token: string): Promise<string> {
    const { path, ...rest } = kinds[kind]
    const isPost = 'method' in rest
    const title = crypto.randomUUID()
    const headers = {
      ...(kind === 'profile page'
        ? { cookie: this.cookie, accept: 'text/html' }
        : { authorization: `Bearer ${token}` }),
      ...(isPost ? { 'content-type': 'application/json' } : {}),
    }
    const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
    const sent = request(this.#url + path, {
      method: isPost ? 'POST' : 'GET',
      agent: this.#agent,
      headers,
      timeout: TIMEOUT_MS,
    })
    sent.on('timeout', () => sent.destroy(new Error('no response'))).on('response', resolve)
    sent.on('error', reject).end(isPost ? JSON.stringify({ title }) : undefined)
    const response = await promise
    const body = await text(response)
    if (isPost && response.statusCode === 201) this.acknowledged.push({ id: JSON.parse(body).id, title })
    return String(response.statusCode)
  }
}
