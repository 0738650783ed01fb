import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { fail, loadDotEnv } from '../src/config/command.ts'
import { followParent } from './follow-parent.ts'
import { stateFile, tenantUrl } from './local-settings.ts'
import { startLocalTenant } from './start-tenant.ts'
import { addPermissions, api } from './tenant/api.ts'
import { trustTenant } from './trust-tenant.ts'

const usage = `Usage: npm run tenant -- [command]

Without a command: runs the local tenant alone, for your own applications.

  reset    begins afresh: removes the keys, accounts, sessions and grants
  rotate   signs with a new key; tokens of the previous key stay valid
  revoke   removes the previous keys: their tokens are not valid any more

A tenant that is running carries the command out itself.
`

enterFolderOfUser()
loadDotEnv()
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean' } },
})
const [command] = positionals
if (values.help || positionals.length > 1 || !['reset', 'rotate', 'revoke', undefined].includes(command)) {
  process.stdout.write(usage)
  process.exitCode = values.help ? 0 : 1
} else if (command === undefined) {
  followParent()
  const tenant = await startLocalTenant(process.env.BASE_URL || 'http://localhost:3000')
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => tenant.close())
  if (tenant.settings.apis[0].permissions === api.permissions) await grantScopesOfRoutes()
  process.stdout.write(`\n${tenant.description}\n\n`)
} else {
  await carryOut(command).catch((error) => fail(error.message))
}

/** Without a file, the API of the tenant is that of the service. */
async function grantScopesOfRoutes(): Promise<void> {
  const { readScopes } = await import('./route-table.ts')
  addPermissions(await readScopes())
}

/** With `npm --prefix`, npm runs this in the folder of the project. The files of the tenant are in that of the user. */
function enterFolderOfUser(): void {
  const { INIT_CWD: folder } = process.env
  const isOutside = folder !== undefined && relative(join(import.meta.dirname, '..'), folder).startsWith('..')
  if (isOutside) process.chdir(folder)
}

async function carryOut(command: string): Promise<void> {
  trustTenant()
  const url = `${tenantUrl()}tenant/${command}`
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  const response = await fetch(url, init).catch(() => undefined)
  if (response?.ok) {
    const { keys } = (await response.json()) as { keys: string[] }
    process.stdout.write(`Done. The tenant signs with ${keys[0]}; keys in its key set: ${keys.length}\n`)
  } else if (command === 'reset') {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${stateFile()}${suffix}`, { force: true })
    process.stdout.write('Done. The tenant begins afresh at its next start.\n')
  } else {
    process.stderr.write(`No tenant answers at ${url}: start it with \`npm run tenant\` or \`npm start\`.\n`)
    process.exitCode = 1
  }
}
