import { exec } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ErrorDefinition, ServiceError } from '../src/errors/catalogue.ts'
import { challenge, tokenErrors } from '../src/plugins/auth/errors.ts'
import { guardErrors } from '../src/plugins/guards/errors.ts'

/**
 * Runs the programs of docs/clients.md unchanged against a mock server that answers with the errors of the service, and
 * compares their output: `node dev/check-clients.ts`. Needs port 3000. Skips languages that are not installed. Expects
 * libraries where Debian installs them. Does not run the page for browsers.
 */
const commands: Record<string, string> = {
  'call.sh': 'bash call.sh',
  'call.cs': 'dotnet run call.cs',
  'call.go': 'go run call.go',
  'Call.java': "java -cp '/usr/share/java/*' Call.java",
  'call.mjs': 'node call.mjs',
  'call.m': 'xcrun clang -fobjc-arc -framework Foundation call.m -o call && ./call',
  'call.php': 'php call.php',
  'call.py': 'python3 call.py',
  'call.rb': 'ruby call.rb',
  'call.swift': 'swift call.swift',
}

/** Response of the mock server to each token, and the expected output of a program. */
const cases: Record<string, { error?: ErrorDefinition; printed: string }> = {
  good: { printed: '200 Hello' },
  expired: {
    error: tokenErrors.expired,
    printed:
      '401 Get a new token: Bearer realm="api", error="invalid_token", error_description="token is expired"',
  },
  forbidden: {
    error: guardErrors.insufficientScope,
    printed: "403 Not allowed: You don't have access to this resource",
  },
  unavailable: { error: tokenErrors.issuerUnavailable, printed: '503 Try again in 7 s' },
}

const server = createServer((request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
  const name = cases[token] ? cases[token].error : tokenErrors.missing
  const options = name === tokenErrors.issuerUnavailable ? { retryAfterSeconds: 7 } : {}
  const error =
    name && new ServiceError(name, { ...options, headers: name.statusCode < 500 ? challenge(name) : {} })
  response.writeHead(error?.statusCode ?? 200, { 'content-type': 'application/json', ...error?.headers })
  response.end(JSON.stringify(error ? error.body : { message: 'Hello' }))
})
server.listen(3000, '127.0.0.1')
await once(server, 'listening')

const folder = await mkdtemp(join(tmpdir(), 'clients-'))
const page = await readFile(join(import.meta.dirname, '../clients.md'), 'utf8')
for (const [, file = '', program = ''] of page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)) {
  await writeFile(join(folder, file), program)
}
await mkdir(join(folder, 'vendor'))
await writeFile(
  join(folder, 'vendor/autoload.php'),
  "<?php require '/usr/share/php/GuzzleHttp/autoload.php';\n",
)

for (const [file, command] of Object.entries(commands)) {
  process.stdout.write(`${file.padEnd(12)}${await check(command)}\n`)
}
server.close()
await rm(folder, { recursive: true })

async function check(command: string): Promise<string> {
  for (const [token, { printed }] of Object.entries(cases)) {
    const answer = await run(command, token)
    if (answer === undefined) return 'not installed'
    if (answer === printed) continue
    process.exitCode = 1
    return `FAILED with the token '${token}':\n${answer}`
  }
  return 'ok'
}

/** Runs the command. @returns its output, or undefined when the command is not installed */
async function run(command: string, token: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(exec)(command, { cwd: folder, env: { ...process.env, TOKEN: token } })
    return stdout.trimEnd()
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return code === 127 ? undefined : `${stdout}${stderr}`
  }
}
