import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** Another API with a replaceable handler, and the requests it received. */
export async function otherApi(t: Test) {
  const seen: { method: string | undefined; url: string | undefined; authorization: string | undefined }[] =
    []
  const api = { answer: ((_request, response) => response.end('{}')) as RequestListener, seen, url: '' }
  const server = createServer((request, response) => {
    seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization })
    api.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  t.teardown(stop)
  return Object.assign(api, { stop })
}
