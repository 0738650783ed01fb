import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { tableRows } from '../helpers/markdown.ts'

const rows = tableRows('test/conformance/README.md', 'section', 'requirement', 'shown by')
const isReason = (text = '') => /^(deliberately not followed|does not apply): ./.test(text)

t.test('README.md lists exactly the conformance tests', async (t) => {
  const titles = globSync('*.test.ts', { cwd: import.meta.dirname }).flatMap((file) => {
    const code = readFileSync(`${import.meta.dirname}/${file}`, 'utf8')
    return [...code.matchAll(/^t\.test\(\s*'(RFC [^']+)'/gm)].map(([, title]) => title)
  })
  const named = rows
    .filter(([, , shownBy]) => !isReason(shownBy))
    .map(([section, , fact]) => `${section}: ${fact}`)
  t.strictSame([...new Set(named)].sort(), titles.sort())
  t.equal(new Set(titles).size, titles.length, 'each title once')
})

t.test('README.md has the sections in order, and a reason for each that is not followed', async (t) => {
  t.ok(rows.some(([, , shownBy]) => isReason(shownBy)))
  for (const [section, requirement] of rows) {
    t.match(section, /^RFC \d+, [A\d][\d.]*( to [\d.]+)?$/)
    t.ok(requirement, `${section}`)
  }
  const sections = rows.map(([section = '']) => section)
  t.strictSame(sections, sections.toSorted(new Intl.Collator('en', { numeric: true }).compare))
})
