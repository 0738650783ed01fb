import { Histogram, type Registry } from 'prom-client'
import { addReadGauge } from './registry.ts'

/** A finished request, described by values from closed sets. */
export interface RequestOutcome {
  readonly method: string
  /** Pattern of the route, not the path; undefined if no route matched. */
  readonly route: string | undefined
  /** Undefined if the client closed the connection before the response. */
  readonly status: number | undefined
  readonly seconds: number
}

/** Other methods share one label value, because callers can invent any number of them. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function addRequestMetrics(registry: Registry) {
  let inFlight = 0
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request headers to the end of the response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  addReadGauge(
    registry,
    { name: 'http_requests_in_flight', help: 'Requests without a complete response' },
    () => [{ labels: {}, value: inFlight }],
  )
  return {
    begin: () => {
      inFlight++
    },
    end: ({ method, route = 'unknown', status, seconds }: RequestOutcome) => {
      inFlight--
      const labels = { method: methods.has(method) ? method : 'other', route, status: status ?? 'aborted' }
      durations.observe(labels, seconds)
    },
  }
}
