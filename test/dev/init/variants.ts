import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { exampleNames } from '../../../dev/init/parts.ts'
import { copyProject } from '../helpers/clone.ts'

/**
 * `npm run test:init`: makes a service of a fresh clone with each choice of examples, and checks it by the linter, the compiler, and
 * tests of architecture, configuration, manifests and documents. With `--all`, by a fresh install, `npm test` and the test of
 * `npm start`. With `--without=todos,web-app`, only for this choice.
 */
const { values } = parseArgs({ options: { all: { type: 'boolean' }, without: { type: 'string' } } })
const isComplete = values.all === true
const execute = promisify(execFile)
const place = mkdtempSync(join(tmpdir(), 'variants-'))
process.on('exit', () => rmSync(place, { recursive: true, force: true }))

const patterns = [
  'test/{architecture,app}.test.ts',
  'test/{config,deploy,errors}/*.test.ts',
  'test/conformance/readme.test.ts',
  'test/docs/!(auth0|build-on-it|egress|operations).test.ts',
]
const quickTests = `import { runSuite } from './test/suites/suites.ts'
await runSuite(${JSON.stringify(patterns)})`

function check(without: readonly string[]): void {
  const clone = copyProject(mkdtempSync(join(place, 'project-'))).clone(
    join(place, without.join('-') || 'none'),
  )
  const run = (...command: [file: string, ...args: string[]]) => {
    const { status, stdout, stderr } = clone.run(...command)
    if (status !== 0) throw new Error(`without ${without}: ${command.join(' ')} failed\n${stdout}${stderr}`)
  }
  run('dev/init.ts', '--name', 'acme-orders', ...without.flatMap((name) => ['--without', name]))
  if (isComplete) {
    rmSync(join(clone.folder, 'node_modules'))
    run('npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline')
  }
  run('biome', 'check', '--error-on-warnings', '.')
  run('tsc', '--noEmit')
  if (isComplete) {
    run('npm', 'test')
    run('npx', 'tap', '--disable-coverage', 'test/dev/start.test.ts')
  } else run('env', 'TAP_TIMEOUT=900', 'node', '--input-type=module', '--eval', quickTests)
}

/** Each choice in a process of its own, since a check waits for its commands; two at a time unless they run whole suites. */
async function checkAll(): Promise<void> {
  let choices: string[][] = [[]]
  for (const name of exampleNames) choices = choices.concat(choices.map((choice) => [...choice, name]))
  const checkNext = async (): Promise<void> => {
    const choice = choices.shift()
    if (!choice) return
    const begin = performance.now()
    const { stderr } = await execute(process.execPath, [...process.argv.slice(1), `--without=${choice}`])
    const seconds = Math.round((performance.now() - begin) / 1000)
    process.stdout.write(`${stderr}ok, without ${choice.join(' and ') || 'nothing'}: ${seconds} s\n`)
    await checkNext()
  }
  await Promise.all(Array.from({ length: isComplete ? 1 : 2 }, checkNext))
}

if (values.without === undefined) await checkAll()
else check(values.without.split(',').filter(Boolean))
