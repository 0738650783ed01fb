import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cloneProject } from '../helpers/clone.ts'

const REMOVED = 'src/routes/todo.ts'
const ALERTS = 'deploy/prometheus/alerts.yml'

t.test(
  'later versions are merged without a conflict into a service with another name and without examples',
  async (t) => {
    const { project, clone: service } = cloneProject(t)
    const { name } = JSON.parse(project.read('package.json'))
    const prefix = name.replaceAll('-', '_')
    if (!existsSync(join(project.folder, REMOVED))) {
      project.write(REMOVED, 'export default async () => {}\n')
      project.commit('Add an example')
      service.git('pull', '--quiet')
    }

    const init = service.run(
      'dev/init.ts',
      '--name',
      'tea-orders',
      '--without',
      'todos',
      '--without',
      'web-app',
    )
    t.equal(init.status, 0, init.stderr)
    service.commit('Initialize')
    service.write('src/routes/orders.ts', '// own\nexport {}\n')
    service.write('src/web/forms.ts', '// own, where a removed example had a file\nexport {}\n')
    service.replace(
      'src/config/variables.ts',
      'export const variables = {\n',
      'export const variables = {\n  // own\n',
    )
    service.commit('Add orders')

    // In a file with the name of the project, in a removed one, beside a removed region, and a new one
    project.replace(ALERTS, `${prefix}_build_info[1d]`, `${prefix}_build_info[2d]`)
    project.write(REMOVED, `${project.read(REMOVED)}// a later line\n`)
    project.replace('src/app.ts', '  // end\n', '  // end\n  // a later line\n')
    project.write('docs/later.md', `# A page about ${name}\n\n| \`/todo\` |\n`)
    project.replace('package.json', '"version": "0', '"version": "7')
    project.commit('Release a version')

    service.git('fetch', '--quiet')
    const merge = service.run('dev/merge.ts', 'origin/main')
    t.strictSame([merge.status, merge.stderr], [0, ''], merge.stdout)
    t.equal(service.git('status', '--porcelain'), '')
    t.match(service.read(ALERTS), 'tea_orders_build_info[2d]')
    t.match(service.read('src/app.ts'), '// a later line')
    t.equal(service.read('docs/later.md'), '# A page about tea-orders\n\n')
    t.match(service.read('package.json'), /"name": "tea-orders",\n {2}"version": "7/)
    t.match(service.read('README.md'), /^Started from \S+ 7\./m)
    t.notOk(existsSync(join(service.folder, REMOVED)))
    t.match(service.read('src/config/variables.ts'), '// own')
    t.match(service.read('src/web/forms.ts'), '// own')
    t.equal(service.read('src/routes/orders.ts'), '// own\nexport {}\n')
    t.match(service.run('dev/merge.ts', 'origin/main'), { status: 0, stdout: 'Nothing to merge.\n' })

    project.replace('docs/later.md', 'A page', 'Another page')
    project.commit('Change a page')
    service.replace('docs/later.md', 'about', 'of')
    service.commit('Change a page here')
    service.git('fetch', '--quiet')
    const conflict = service.run('dev/merge.ts', 'origin/main')
    t.match(
      conflict,
      { status: 1, stderr: /docs\/later\.md.*Resolve the conflicts/s },
      'only for changes of the same line',
    )
    service.write('docs/later.md', '# Both\n')
    service.commit('Merge')
    t.match(service.run('dev/merge.ts', 'origin/main'), { status: 0, stdout: 'Nothing to merge.\n' })
  },
)

t.test('changes before init are kept by a merge', async (t) => {
  const { project, clone: service } = cloneProject(t)
  service.write('src/routes/orders.ts', 'export {}\n')
  service.replace('src/app.ts', 'export const app', '// own\nexport const app')
  service.commit('Try something')
  t.equal(service.run('dev/init.ts', '--name', 'tea-orders').status, 0)
  service.commit('Initialize')
  project.write('docs/later.md', '# A page\n')
  project.commit('Add a page')
  service.git('fetch', '--quiet')
  const { status, stderr } = service.run('dev/merge.ts', 'origin/main')
  t.strictSame([status, stderr], [0, ''])
  t.match(service.read('src/app.ts'), '// own')
  t.equal(service.read('src/routes/orders.ts'), 'export {}\n')
  t.equal(service.read('docs/later.md'), '# A page\n')
})

t.test('a version without a common history is refused with the remedy', async (t) => {
  const { clone: service } = cloneProject(t)
  service.git('switch', '--quiet', '--orphan', 'other')
  service.git('commit', '--quiet', '--allow-empty', '--message', 'Begin')
  service.git('switch', '--quiet', 'main')
  const { status, stderr } = service.run('dev/merge.ts', 'other')
  t.match(
    { status, stderr },
    { status: 1, stderr: /no common history.*--allow-unrelated-histories VERSION/s },
  )
})
