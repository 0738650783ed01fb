import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

/** Provides the metrics as text. */
export interface Source {
  readonly contentType: string
  metrics(): Promise<string>
}

/** Answers `GET /metrics`, apart from the service: what it says is for the operator. */
export async function startMetricsServer(source: Source, host: string, port: number): Promise<Server> {
  const server = createServer(answerWith(source))
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
      () => response.writeHead(500).end(), // the service goes on
    )
  }
}
