import type { Registry } from 'prom-client'
import { addHistogram } from './histogram.ts'
import { addReadGauge } from './registry.ts'

/** A request that has ended, in labels of which there are few. */
export interface RequestOutcome {
  readonly method: string
  /** The route's pattern, not the path; undefined when there is none. */
  readonly route: string | undefined
  /** Undefined when the caller left before there was one. */
  readonly status: number | undefined
  readonly seconds: number
}

/** Whatever else a caller may invent is one more label value, and only one. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function addRequestMetrics(registry: Registry) {
  let inFlight = 0
  const observe = addHistogram(registry, {
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })
  addReadGauge(
    registry,
    { name: 'http_requests_in_flight', help: 'Requests that are not answered yet' },
    () => [{ labels: {}, value: inFlight }],
  )
  return {
    begin: () => {
      inFlight++
    },
    end: ({ method, route = 'unknown', status, seconds }: RequestOutcome) => {
      inFlight--
      observe(seconds, methods.has(method) ? method : 'other', route, `${status ?? 'aborted'}`)
    },
  }
}
