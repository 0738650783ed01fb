import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const read = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, '..', name), 'utf8'))

t.test('package.json decides about the install script of each package', async (t) => {
  const packages: Record<string, { hasInstallScript?: boolean }> = read('package-lock.json').packages
  const names = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript && path !== '')
  t.ok(names.length > 0)
  const { allowScripts = {} } = read('package.json')
  for (const name of names)
    t.type(allowScripts[name.slice(name.lastIndexOf('node_modules/') + 13)], 'boolean', name)
})
