import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'

const { AUTH0_DOMAIN, AUTH0_AUDIENCE: audience, CLIENT_ID, CLIENT_SECRET } = process.env

/** Requests a token of a machine. */
export async function requestToken(): Promise<string> {
  const response = await fetch(`https://${AUTH0_DOMAIN}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      audience,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

/** The token with another signature. */
export function withOtherSignature(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  return [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.')
}

/** Calls the API with a token, with a changed token and without one, and prints the statuses. */
export async function printStatuses(app: Express): Promise<void> {
  app.get('/', (_request, response) => void response.json({}))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const token = await requestToken()
  const call = async (headers: Record<string, string>) => {
    const { port } = server.address() as AddressInfo
    return (await fetch(`http://127.0.0.1:${port}/`, { headers })).status
  }
  const statuses = {
    valid: await call({ authorization: `Bearer ${token}` }),
    changed: await call({ authorization: `Bearer ${withOtherSignature(token)}` }),
    missing: await call({}),
  }
  process.stdout.write(JSON.stringify(statuses))
  server.close()
  server.closeAllConnections()
}
