import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { readDocument } from '../helpers/markdown.ts'

const root = join(import.meta.dirname, '../..')

/** Tests that compare a list with the whole service, to which the page adds routes, scopes, columns and a variable. */
const listTests = [
  'test/docs/configuration.test.ts',
  'test/docs/routes.test.ts',
  'test/docs/storage.test.ts',
  'test/plugins/protected-resources.test.ts',
]

/** Runs a program without the loaders that tap adds to all child processes. */
const run = (folder: string, file: string, args: string[]) =>
  promisify(execFile)('env', ['-u', 'NODE_OPTIONS', file, ...args], { cwd: folder })

function copyProject(t: Test): string {
  const copy = t.testdir({})
  const names = ['src', 'dev', 'docs', 'test/helpers', 'test/dev/helpers', 'package.json', '.env.example']
  for (const name of [...names, 'README.md', ...listTests])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Applies a change of the page: the lines that stay or go must be in the file, one after the other. */
function change(t: Test, path: string, diff: string): void {
  const lines = diff.split('\n').slice(0, -1)
  const sideOf = (sign: string) =>
    lines
      .filter((line) => line.startsWith(' ') || line.startsWith(sign))
      .map((line) => line.slice(1))
      .join('\n')
  const before = readFileSync(path, 'utf8')
  t.equal(before.split(sideOf('-')).length, 2, `${path} has the lines once:\n${sideOf('-')}`)
  writeFileSync(
    path,
    before.replace(sideOf('-'), () => sideOf('+')),
  )
}

t.test('every block of docs/build-on-it.md works in a copy of the project', async (t) => {
  const copy = copyProject(t)
  const blocks = [
    ...readDocument('docs/build-on-it.md').matchAll(/^```(\w+)\n(?:\/\/ (\S+)\n)?(.*?)^```$/gms),
  ]
  const commands: string[] = []
  for (const [, language, file, text = ''] of blocks) {
    if (language === 'sh') commands.push(text)
    else if (language === 'diff') change(t, join(copy, String(file)), text)
    else {
      t.ok(file, text)
      mkdirSync(dirname(join(copy, String(file))), { recursive: true })
      writeFileSync(join(copy, String(file)), text)
    }
  }

  const compilation = { extends: join(root, 'tsconfig.json'), include: ['src', 'test/routes'] }
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(compilation))
  await run(copy, join(root, 'node_modules/.bin/tsc'), ['--project', '.', '--noEmit'])
  for (const file of ['test/routes/things.test.ts', 'test/routes/kitchen.test.ts'])
    t.match((await run(copy, process.execPath, [file])).stdout, /^# \{.*pass|^1\.\.\d/m, file)
  for (const file of listTests) await run(copy, process.execPath, [file])
  const { stdout } = await run(copy, process.execPath, ['dev/routes.ts'])
  t.match(stdout, /^POST +\/things +scope write:things$/m)
  t.match(stdout, /^GET +\/kitchen +signed in$/m) // part: web-app
  t.match(commands, [
    /npm run init -- --name acme-api/, // part: upstream
    /^npm install\ngit diff\ngit add --all\ngit commit /, // part: upstream
    / -d '\{"name":"kettle"\}' http:\/\/localhost:3000\/things/,
    /test\/routes\/things\.test\.ts/,
    /npm run lint && npm run typecheck && npm test/,
    /docker build --tag gatehouse \.\ndocker run .* gatehouse$/m,
    /npm run merge -- upstream\/main/,
  ])
})
