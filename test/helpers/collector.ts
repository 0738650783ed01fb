import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

export interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly unknown[]
  readonly status: { readonly code?: number; readonly message?: string }
}

type Attributes = readonly { key: string; value: Record<string, unknown> }[]
interface Exported {
  resourceSpans: {
    resource: { attributes: Attributes }
    scopeSpans: { spans: (Omit<Span, 'attributes'> & { attributes: Attributes })[] }[]
  }[]
}

/** OpenTelemetry collector (OTLP over HTTP, JSON) that records requests and can be made to fail or hang. */
export class Collector {
  readonly #server = createServer(async (request, response) => {
    const body = await text(request)
    this.attempts++
    if (this.misbehaviour) {
      this.misbehaviour(request, response)
      return
    }
    this.bodies.push(body)
    this.requests.push({ path: request.url, headers: request.headers })
    response.setHeader('content-type', 'application/json').end('{}')
  })
  /** Number of requests, answered or not. */
  attempts = 0
  readonly bodies: string[] = []
  readonly requests: { path: string | undefined; headers: IncomingHttpHeaders }[] = []
  /** Answers every request while set. */
  misbehaviour: RequestListener | undefined

  /** Starts a collector that stops after the test. */
  static async start(t: Test): Promise<Collector> {
    const collector = new Collector()
    await once(collector.#server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(async () => {
      collector.#server.closeAllConnections()
      collector.#server.close()
    })
    return collector
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get spans(): Span[] {
    const spans = this.#exported.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    return spans.map((span) => ({ ...span, attributes: toRecord(span.attributes) }))
  }

  get resource(): Record<string, unknown> {
    return toRecord(this.#exported[0]?.resource.attributes ?? [])
  }

  get #exported() {
    return this.bodies.flatMap((body) => (JSON.parse(body) as Exported).resourceSpans)
  }
}

function toRecord(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
