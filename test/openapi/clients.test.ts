import { exec } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { type ErrorDefinition, ServiceError } from '../../src/errors/catalogue.ts'
import { challenge, tokenErrors } from '../../src/plugins/auth/errors.ts'
import { guardErrors } from '../../src/plugins/guards/errors.ts'
import { METADATA } from '../helpers/app.ts'
import { readDocument } from '../helpers/markdown.ts'

/** Commands by program: one runs it, the other succeeds where its language and libraries are installed. */
const programs: Record<string, { run: string; probe: string }> = {
  'call.sh': { run: 'bash call.sh', probe: 'bash --version && curl --version && jq --version' },
  'call.cs': { run: 'dotnet run call.cs', probe: 'dotnet --version | grep -E "^[1-9][0-9]"' },
  'call.go': { run: 'go run call.go', probe: 'go version' },
  'Call.java': {
    run: "java -cp '/usr/share/java/*' Call.java",
    probe: 'java --version && ls /usr/share/java/jackson-databind.jar',
  },
  'call.mjs': { run: 'node call.mjs', probe: 'node --version' },
  'call.m': {
    run: 'xcrun clang -fobjc-arc -framework Foundation call.m -o call && ./call',
    probe: 'xcrun --version',
  },
  'call.php': { run: 'php call.php', probe: 'php --version && ls /usr/share/php/GuzzleHttp/autoload.php' },
  'call.py': { run: 'python3 call.py', probe: 'python3 -c "import requests"' },
  'call.rb': { run: 'ruby call.rb', probe: 'ruby -rfaraday -e 1' },
  'call.swift': { run: 'swift call.swift', probe: 'swift --version' },
}

/** Response of the server to each token, and the expected output of a program. */
const cases: Record<string, { error?: ErrorDefinition; printed: string }> = {
  good: { printed: '200 Hello' },
  expired: {
    error: tokenErrors.expired,
    printed: `401 Get a new token: Bearer realm="api", error="invalid_token", error_description="token is expired", ${METADATA}`,
  },
  forbidden: {
    error: guardErrors.insufficientScope,
    printed: "403 Not allowed: You don't have access to this resource",
  },
  unavailable: { error: tokenErrors.issuerUnavailable, printed: '503 Try again in 7 s' },
}

/** A server with the errors of the service. */
async function serve(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const definition = cases[token] ? cases[token].error : tokenErrors.missing
    const options = definition === tokenErrors.issuerUnavailable ? { retryAfterSeconds: 7 } : {}
    const headers = definition && definition.statusCode < 500 ? completed(challenge(definition)) : {}
    const error = definition && new ServiceError(definition, { ...options, headers })
    response.writeHead(error?.statusCode ?? 200, { 'content-type': 'application/json', ...error?.headers })
    response.end(JSON.stringify(error ? error.body : { message: 'Hello' }))
  })
  server.listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As plugins/guards completes challenges. */
function completed(headers: Record<string, string>) {
  return { 'www-authenticate': `${headers['www-authenticate']}, ${METADATA}` }
}

const documented = new Map(
  [...readDocument('docs/clients.md').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(
    ([, file = '', program = '']) => [file, program],
  ),
)

/** Without the loaders that tap adds to all child processes. */
const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' }
const run = (command: string, options: { cwd: string; token?: string }) =>
  promisify(exec)(command, { cwd: options.cwd, env: { ...env, TOKEN: options.token } })

t.test('docs/clients.md has a program for every language that the test can run', async (t) => {
  for (const file of Object.keys(programs)) t.ok(documented.has(file), file)
})

for (const [file, { run: command, probe }] of Object.entries(programs)) {
  t.test(`${file} of docs/clients.md handles every kind of response`, async (t) => {
    const folder = t.testdir({})
    const isInstalled = await run(probe, { cwd: folder }).catch(() => undefined)
    if (!isInstalled) return void t.pass('', { skip: `not installed: ${probe}` })
    const url = await serve(t)
    writeFileSync(join(folder, file), String(documented.get(file)).replaceAll('http://localhost:3000', url))
    mkdirSync(join(folder, 'vendor'))
    const autoload = "<?php require '/usr/share/php/GuzzleHttp/autoload.php';\n"
    writeFileSync(join(folder, 'vendor/autoload.php'), autoload)
    for (const [token, { printed }] of Object.entries(cases)) {
      const { stdout } = await run(command, { cwd: folder, token }).catch((error) => error)
      t.equal(stdout.trim(), printed, token)
    }
  })
}
