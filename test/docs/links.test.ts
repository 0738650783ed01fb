import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readDocument } from '../helpers/markdown.ts'

t.test('every link to a file of the repository leads to one', async (t) => {
  const root = `${import.meta.dirname}/../..`
  for (const page of [...globSync('*.md', { cwd: root }), ...globSync('docs/**/*.md', { cwd: root })]) {
    for (const [, target = ''] of readDocument(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      t.ok(existsSync(join(root, dirname(page), target)), `${page} -> ${target}`)
    }
  }
})
