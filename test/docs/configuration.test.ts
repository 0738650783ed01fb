import t from 'tap'
import { configSchema, loadConfig, secretNames } from '../../src/config/index.ts'
import { readDocument, tableRows } from '../helpers/markdown.ts'

const properties = configSchema.properties as Record<string, { default?: unknown }>
const names = Object.keys(properties)

t.test('docs/configuration.md lists every variable with its default, and no other', async (t) => {
  const documented = tableRows('docs/configuration.md', 'variable', 'default', 'meaning')
  t.same(
    documented.map(([name]) => name),
    names,
  )
  for (const [name = '', documentedDefault] of documented) {
    const { default: fallback } = properties[name] ?? {}
    if (fallback === undefined || fallback === '') {
      const isRequired = configSchema.required.includes(name as (typeof configSchema.required)[number])
      if (isRequired && fallback === undefined) t.equal(documentedDefault, 'required', name)
      else t.match(documentedDefault, /^(none|http:\/\/localhost:PORT|BASE_URL|HOST)$/, name)
    } else t.equal(documentedDefault, String(fallback), name)
  }
})

t.test('.env.example names every variable; only the required ones must be replaced', async (t) => {
  const lines = readDocument('.env.example').matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)
  const example = Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
  t.same(Object.keys(example), names)
  const wrong = configSchema.required.map((name) => `${name} is wrong: this is a placeholder`).join('.*\\n *')
  const { ISSUERS_FILE, JWKS_FILE, ...variables } = example
  t.throws(() => loadConfig(variables), new RegExp(`:\n *${wrong}.*$`))
  t.doesNotThrow(() => loadConfig({ ...variables, AUTH0_DOMAIN: 'tenant.test', AUTH0_AUDIENCE: 'api' }))
  t.equal(ISSUERS_FILE, 'issuers.json', 'instead of the two others')
  t.equal(JWKS_FILE, 'keys.json', 'a file that does not exist')
})

t.test('docs/configuration.md lists the variables that can be in files', async (t) => {
  const [, section = ''] = readDocument('docs/configuration.md').split('## Secrets in files')
  const [list = ''] = section.split('can be in files')
  t.strictSame(list.match(/[A-Z0-9_]+/g), secretNames)
})
