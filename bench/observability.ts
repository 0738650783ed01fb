import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../test/helpers/free-port.ts'
import { conditions, median, table, writeBetweenMarks } from './page.ts'
import { inTurn } from './rounds.ts'
import { CONNECTIONS, GATEHOUSE, KNOWN, SECONDS, type Setup } from './setup.ts'

const PLAIN = 'neither'

/** Measures the cost of metrics and traces, as the ratio of rates with and without them, for docs/metrics.md. */
export async function measureObservability(setup: Setup, rounds: number): Promise<void> {
  const tokens = await setup.writeTokens('known', await setup.makeTokens('RS256', KNOWN))
  const collector = await startCollector()
  const variables: Record<string, Record<string, string>> = {
    [PLAIN]: {},
    metrics: { METRICS_PORT: String(await freePort()) },
    traces: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    'a tenth of the traces': {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    },
  }
  for (const [key, more] of Object.entries(variables))
    await setup.start(key, GATEHOUSE, { ...setup.environment, ...more }, '/livez')

  const routes = {
    public: { path: '/api/public' },
    'guarded, known tokens': { path: '/api/private', tokens },
  }
  const rows = Object.entries(routes).flatMap(([route, { path, ...load }]) =>
    Object.keys(variables).map((key) => ({ name: rowName(route, key), key, path, load })),
  )
  const rates = await inTurn(rows, rounds, async ({ key, path, load }) => {
    const { requestsPerCpuSecond } = await setup.load(key, path, load)
    return requestsPerCpuSecond
  })
  collector.close()

  const figures = Object.keys(routes).flatMap((route) => {
    const plain = rates.get(rowName(route, PLAIN)) ?? []
    const others = Object.keys(variables).filter((key) => key !== PLAIN)
    return others.map((key) => {
      const own = rates.get(rowName(route, key)) ?? []
      const ratios = own.map((rate, round) => rate / (plain[round] ?? Number.NaN))
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2))
      const microseconds = 1e6 / median(own) - 1e6 / median(plain)
      return [route, key, median(ratios).toFixed(2), `${low} - ${high}`, microseconds.toFixed(1)]
    })
  })
  const header = ['route', 'with', 'rate, of that with neither', 'lowest - highest', 'us more a request']
  const text = `${conditions(setup.wrk, rounds, SECONDS, CONNECTIONS)}\n\n${table(header, figures)}`
  await writeBetweenMarks('metrics.md', 'bench -- --only=observability', text)
}

function rowName(route: string, key: string): string {
  return `${route}, ${key}`
}

/** Accepts and discards all traces. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
