import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertClean, git } from './git.ts'
import { examples } from './parts.ts'
import { Project } from './project.ts'

/**
 * Merges a later version of the project into a service that was made of it. Both the version that the service has and the later one
 * are initialized as the service was, each by its own code, so that the difference between them has neither the old name nor
 * removed parts.
 *
 * @param ref commit, branch or tag of the later version
 * @returns false if the service has this version already
 * @throws {Error} if there are conflicts, which are left in the work tree
 */
export function mergeUpstream(folder: string, ref: string): boolean {
  assertClean(folder)
  const target = git(folder, 'rev-parse', '--verify', `${ref}^{commit}`)
  const base = mergeBase(folder, target)
  if (base === target) return false
  const baseTree = initializedTree(folder, base)
  const targetTree = initializedTree(folder, target)
  const known = findCommit(folder, baseTree) ?? recordBase(folder, base, baseTree)
  const title = `Merge ${ref}`
  const commit = git(
    folder,
    'commit-tree',
    targetTree,
    '-p',
    known,
    '-p',
    target,
    '-m',
    `${ref}, initialized`,
  )
  try {
    git(folder, 'merge', '--no-ff', '-m', title, commit)
  } catch (error) {
    const { stdout } = error as { stdout?: string }
    throw new Error(`${stdout}\nResolve the conflicts, then run "git commit".`)
  }
  return true
}

function mergeBase(folder: string, target: string): string {
  try {
    return git(folder, 'merge-base', 'HEAD', target)
  } catch {
    throw new Error(
      'The service and this version have no common history. Record the version that the service was made of, once:\n' +
        '  git merge --strategy=ours --allow-unrelated-histories VERSION',
    )
  }
}

/** Initializes a version in a work tree of its own and returns the resulting tree. */
function initializedTree(folder: string, commit: string): string {
  const place = join(mkdtempSync(join(tmpdir(), 'init-')), 'tree')
  git(folder, 'worktree', 'add', '--detach', place, commit)
  try {
    const args = [join(place, 'dev/init.ts'), ...optionsOf(new Project(folder)), '--tools', folder]
    execFileSync(process.execPath, args, { cwd: place, stdio: 'pipe' })
    git(place, 'add', '--all')
    return git(place, 'write-tree')
  } finally {
    git(folder, 'worktree', 'remove', '--force', place)
    rmSync(join(place, '..'), { recursive: true })
  }
}

/** The options with which the service was initialized. */
function optionsOf(project: Project): string[] {
  const missing = Object.entries(examples).filter(([, { sign }]) => project.find([sign]).length === 0)
  const [, origin = ''] = /^Started from \[.*\]\((.*)\)/m.exec(project.read('README.md')) ?? []
  return [
    ...['--name', project.name],
    ...missing.flatMap(([name]) => ['--without', name]),
    ...['--origin', origin],
  ]
}

/** Finds the commit that has initialized this version, or merged it. */
function findCommit(folder: string, tree: string): string | undefined {
  const commits = git(folder, 'log', '--format=%H %T').split('\n')
  return commits.find((line) => line.endsWith(` ${tree}`))?.split(' ')[0]
}

/** Records the initialized version as merged, without a change. */
function recordBase(folder: string, base: string, tree: string): string {
  const commit = git(folder, 'commit-tree', tree, '-p', base, '-m', 'The version so far, initialized')
  git(folder, 'merge', '--strategy=ours', '-m', 'Record the version so far', commit)
  return commit
}
