import { readFileSync } from 'node:fs'
import t from 'tap'
import { readDocument } from '../helpers/markdown.ts'

const docs = `${import.meta.dirname}/../../docs`

t.test('every attack has its defence, and a test of that name', async (t) => {
  const sections = readDocument('docs/threat-model.md')
    .split('\n## ')
    .filter((text) => text.startsWith('Attacks'))
  t.ok(sections.length > 3)
  for (const section of sections) {
    const rows = section
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1)
    t.ok(rows.length > 2, section.slice(0, 40))
    for (const row of rows) {
      const [attack = '', defence = '', proof = ''] = row.slice(2, -2).split(' | ')
      t.ok(attack && defence, attack)
      const tests = [...proof.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
      t.ok(tests.length > 0, `${attack}: a test`)
      for (const [, title = '', file = ''] of tests) {
        t.ok(
          titlesIn(file).some((known) => known.includes(title)),
          `${file}: ${title}`,
        )
      }
    }
  }
})

function titlesIn(file: string): string[] {
  const text = readFileSync(`${docs}/${file}`, 'utf8')
  const calls = /\b(?:test|on[A-Z]\w+)\(\s*(?:\w+,\s*)?(['`"])(.+?)\1,/g
  return [...text.matchAll(calls)].map(([, , title = '']) => title)
}
