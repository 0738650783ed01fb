import { globSync } from 'node:fs'
import t from 'tap'
import { examples, upstream } from '../../../dev/init/parts.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { cloneProject } from '../helpers/clone.ts'

const NAME = 'tea-orders'
const everything = ['--name', NAME, '--without', 'todos', '--without', 'web-app']

t.test('a clone becomes a service without a trace of its old name and of the examples', async (t) => {
  const { clone } = cloneProject(t)
  const { status, stdout, stderr } = clone.run('dev/init.ts', ...everything)
  t.strictSame([status, stderr], [0, ''])
  t.match(stdout, `renamed ${packageJson.name} to ${NAME}`)
  clone.git('add', '--all')

  const places = clone.grep('--ignore-case', '-e', packageJson.name)
  const files = new Set(places.map((line) => line.split(':')[0]))
  files.delete('LICENSE')
  t.strictSame([...files], ['README.md'])
  t.match(clone.read('README.md'), /^# Tea Orders\n\nStarted from \S+ \d+\.\d+\.\d+\.\n/)
  for (const { paths } of [...Object.values(examples), upstream])
    t.strictSame(globSync(paths as string[], { cwd: clone.folder }), [])
  const words = ['(//|#|<!--|/\\*) part: ', 'bench/']
  const traces = words.flatMap((word) => ['-e', word])
  const own = [':!dev/init', ':!test/dev', ':!dev/tenant', ':!package-lock.json']
  t.strictSame(clone.grep('--ignore-case', '--extended-regexp', ...traces, '--', ...own), [])

  const lock = JSON.parse(clone.read('package-lock.json'))
  t.match(lock, { name: NAME, packages: { '': { name: NAME } } })
  for (const name of ['@fastify/view', '@fastify/cookie'])
    t.notOk(`node_modules/${name}` in lock.packages, name)
  for (const [name, args] of [
    ['biome', ['check', '--error-on-warnings', '.']],
    ['tsc', ['--noEmit']],
  ] as const) {
    const result = clone.run(name, ...args)
    t.equal(result.status, 0, `${name}: ${result.stdout}${result.stderr}`)
  }
})

t.test('init refuses uncommitted changes, and a second run has nothing to do', async (t) => {
  const { clone } = cloneProject(t)
  clone.write('src/routes/own.ts', 'export {}\n')
  const refused = clone.run('dev/init.ts', '--name', NAME)
  t.match(refused, { status: 1, stderr: /^The work tree has changes that are not committed\./ })
  t.equal(clone.git('status', '--porcelain'), '?? src/routes/own.ts', 'nothing was changed')
  clone.commit('Begin')
  t.equal(clone.run('dev/init.ts', '--name', NAME).status, 0)
  t.equal(clone.read('src/routes/own.ts'), 'export {}\n')
  clone.commit('Initialize')
  t.match(clone.run('dev/init.ts', '--name', NAME), { status: 0, stdout: 'Nothing to do.\n' })
  t.match(clone.run('dev/init.ts', '--name', 'other'), {
    status: 1,
    stderr: `The service is named ${NAME} already.\n`,
  })
  t.equal(clone.git('status', '--porcelain'), '')
  const later = clone.run('dev/init.ts', '--name', NAME, '--without', 'todos')
  t.equal(later.status, 0, later.stderr)
  t.notMatch(clone.read('README.md'), 'to-do')
})

t.test('a wrong name or example is refused with the usage', async (t) => {
  const { clone } = cloneProject(t)
  for (const name of ['Acme', 'acme_api', 'a--b', '@acme/api', '1a', 'a'.repeat(41), ''])
    t.match(
      clone.run('dev/init.ts', '--name', name),
      { status: 1, stderr: /^Expected a name .*Usage: /s },
      name,
    )
  const unknown = clone.run('dev/init.ts', '--name', NAME, '--without', 'auth')
  t.match(unknown, { status: 1, stderr: /^Unknown example: auth\..*Usage: /s })
})
