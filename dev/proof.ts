import { parseArgs } from 'node:util'
import { makeProof, proofKey } from './dpop-proof.ts'

const usage = `Usage: npm run --silent proof -- --token TOKEN --key FILE [options] METHOD URL

Prints a DPoP proof (RFC 9449) for one request with a token of \`npm run token -- --dpop\`.

  --token TOKEN   the access token of the request
  --key FILE      the key of the token
  --nonce TEXT    the nonce of a response (DPoP-Nonce)
  --help
`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    token: { type: 'string' },
    key: { type: 'string' },
    nonce: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const [method, url, ...others] = positionals
const { token, key, nonce } = values
if (values.help || !token || !key || !method || !URL.canParse(String(url)) || others.length > 0) {
  process.stdout.write(usage)
  process.exitCode = values.help ? 0 : 1
} else {
  const proof = await makeProof(await proofKey(key), { method, url: String(url), token, nonce })
  process.stdout.write(`${proof}\n`)
}
