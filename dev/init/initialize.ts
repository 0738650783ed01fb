import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { titleOf } from '../../src/http/service.ts'
import { type Example, examples, upstream } from './parts.ts'
import { Project } from './project.ts'
import { removeParts } from './remove-parts.ts'
import { rename } from './rename.ts'

export interface Choices {
  /** New name of the service. */
  readonly name: string
  readonly without: readonly Example[]
  /** Address of the repository that the project comes from; or empty. */
  readonly origin: string
  /** Folder with the installed packages. */
  readonly tools: string
}

const STARTED = /^Started from /m

/**
 * Turns the project into a service of its own.
 *
 * @returns what was done, a line for each change; none if nothing was left to do
 * @throws {Error} if the service has another name already
 */
export function initialize(folder: string, { name, without, origin, tools }: Choices): string[] {
  const project = new Project(folder)
  const { name: before, version } = project.manifest
  const isNew = before !== name
  if (isNew && STARTED.test(project.read('README.md')))
    throw new Error(`The service is named ${before} already.`)
  const parts = {
    ...Object.fromEntries(without.map((example) => [example, examples[example]])),
    ...(isNew ? { upstream } : {}),
  }
  const removed = removeParts(project, parts)
  const report = removed.map((path) => `removed ${path}`)
  if (isNew) {
    renameProject(project, name)
    addOrigin(project, before, version, origin)
    report.push(`renamed ${before} to ${name}`)
  }
  if (report.length === 0) return []
  format(folder, tools)
  lock(folder)
  return [...report, 'updated package.json and package-lock.json']
}

function renameProject(project: Project, name: string): void {
  const before = project.name
  project.edit(
    project.files.filter((file) => file !== 'LICENSE'),
    (text) => rename(text, before, name),
  )
  project.move((file) => rename(file, before, name))
}

/** Adds a link to the project below the title of README.md. */
function addOrigin(project: Project, name: string, version: string, origin: string): void {
  const title = titleOf(name)
  const link = origin === '' ? title : `[${title}](${origin})`
  project.edit(['README.md'], (text) => text.replace(/^# .*\n/, `$&\nStarted from ${link} ${version}.\n`))
}

function format(folder: string, tools: string): void {
  const biome = join(tools, 'node_modules/.bin/biome')
  execFileSync(biome, ['check', '--write', '.'], { cwd: folder, stdio: 'pipe' })
}

function lock(folder: string): void {
  const options = ['--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'pipe' })
}
