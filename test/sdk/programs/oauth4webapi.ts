import { discoveryRequest, processDiscoveryResponse, validateJwtAccessToken } from 'oauth4webapi'
import { requestToken, withOtherSignature } from './api.ts'

const { AUTH0_DOMAIN, AUTH0_AUDIENCE: audience = '' } = process.env
const issuer = new URL(`https://${AUTH0_DOMAIN}/`)
const server = await processDiscoveryResponse(issuer, await discoveryRequest(issuer))

async function validate(token: string): Promise<string> {
  const request = new Request(audience, { headers: { authorization: `Bearer ${token}` } })
  try {
    return (await validateJwtAccessToken(server, request, audience)).client_id
  } catch (error) {
    return (error as { code: string }).code
  }
}

const token = await requestToken()
const results = { valid: await validate(token), changed: await validate(withOtherSignature(token)) }
process.stdout.write(JSON.stringify(results))
