import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

/** Provides the metrics as text. */
export interface Source {
  readonly contentType: string
  metrics(): Promise<string>
}

/** More than scrapers need, and few against the limit of open files. */
const MAX_CONNECTIONS = 10

/** Serves `GET /metrics` on a separate port, because metrics are for the operator only. */
export async function startMetricsServer(source: Source, host: string, port: number): Promise<Server> {
  const server = createServer(answerWith(source))
  server.maxConnections = MAX_CONNECTIONS
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

export async function stopMetricsServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function answerWith(source: Source): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' || !/^\/metrics(\?|$)/.test(String(request.url))) {
      response.writeHead(404).end()
      return
    }
    source.metrics().then(
      (text) => response.setHeader('content-type', source.contentType).end(text),
      () => response.writeHead(500).end(), // an unhandled rejection would end the service
    )
  }
}
