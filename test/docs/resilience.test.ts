import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configSchema } from '../../src/config/index.ts'
import { tableRows } from '../helpers/markdown.ts'

const root = join(import.meta.dirname, '../..')

t.test('every bound has a variable of the configuration or is fixed, and an existing test', async (t) => {
  const rows = tableRows('docs/resilience.md', 'resource', 'bound', 'variable')
  t.ok(rows.length > 20)
  for (const [resource = '', bound, variable = '', beyond, test = '', ...more] of rows) {
    t.ok(resource && bound && beyond, resource)
    t.strictSame(more, [], `${resource}: five cells`)
    t.ok(variable === 'fixed' || variable in configSchema.properties, `${resource}: ${variable}`)
    t.ok(test.endsWith('.test.ts') && existsSync(join(root, test)), `${resource}: ${test}`)
  }
  t.equal(new Set(rows.map(([resource]) => resource)).size, rows.length, 'no resource is listed twice')
})

t.test('every variable with a maximum in its name is in the table of bounds', async (t) => {
  const rows = tableRows('docs/resilience.md', 'resource', 'bound', 'variable')
  const bounded = rows.map(([, , variable]) => variable)
  const names = Object.keys(configSchema.properties).filter((name) => /_MAX$|^MAX_/.test(name))
  t.strictSame(
    names.filter((name) => !bounded.includes(name)),
    [],
  )
})
