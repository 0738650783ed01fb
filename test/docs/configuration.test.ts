import t from 'tap'
import { configSchema, loadConfig } from '../../src/config/index.ts'
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
      else t.match(documentedDefault, /^(none|http:\/\/localhost:PORT|BASE_URL)$/, name)
    } else t.equal(documentedDefault, String(fallback), name)
  }
})

t.test('.env.example names every variable, with a value that is accepted', async (t) => {
  const lines = readDocument('.env.example').matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)
  const example = Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
  t.same(Object.keys(example), names)
  t.doesNotThrow(() => loadConfig(example))
})
