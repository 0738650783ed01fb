import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { createFolder } from '../../../src/plugins/store/create-folder.ts'

t.test('missing folders are created, and the outermost of them is returned', async (t) => {
  const folder = t.testdir()
  t.equal(createFolder(`${folder}/a/b/c`), `${folder}/a`)
  t.ok(existsSync(`${folder}/a/b/c`))
  t.equal(createFolder(`${folder}/a/b/c`), undefined)
  t.equal(createFolder(`${folder}/a/b/d/`), `${folder}/a/b/d`)
})

t.test('ten processes may create a folder at the same time', async (t) => {
  const module = JSON.stringify(`${import.meta.dirname}/../../../src/plugins/store/create-folder.ts`)
  const folder = JSON.stringify(`${t.testdir()}/a/b/c/d/e/f`)
  const code = `import { createFolder } from ${module}; createFolder(${folder})`
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code])
  await t.resolves(Promise.all(Array.from({ length: 10 }, run)))
})

t.test('a folder that cannot be created is an error, also below /proc', async (t) => {
  const { file } = { file: `${t.testdir({ file: '' })}/file` }
  t.throws(() => createFolder(`${file}/a`), { code: 'ENOTDIR' })
  if (existsSync('/proc/self')) t.throws(() => createFolder('/proc/nope/a'), { code: 'ENOENT' })
})
