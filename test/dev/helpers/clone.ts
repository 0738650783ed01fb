import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

export const root = join(import.meta.dirname, '../../..')

/** Without settings of the user. */
const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
}

/** A repository in a folder of its own. */
export class Clone {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, encoding: 'utf8', env, stdio: 'pipe' }).trim()
  }

  /** Lines of tracked files that git finds. */
  grep(...args: string[]): string[] {
    const options = { cwd: this.folder, encoding: 'utf8', env } as const
    return spawnSync('git', ['grep', '--line-number', '-I', ...args], options)
      .stdout.split('\n')
      .filter(Boolean)
  }

  /** Runs a program of `dev`, of an installed package or of the system. */
  run(file: string, ...args: string[]) {
    const command = file.endsWith('.ts') ? [process.execPath, file] : [file]
    const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`
    // Without the loaders that tap adds to child processes
    return spawnSync('env', ['-u', 'NODE_OPTIONS', ...command, ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...env, PATH },
      maxBuffer: 1e8,
    })
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true })
    writeFileSync(join(this.folder, file), text)
  }

  replace(file: string, from: string, to: string): void {
    const text = this.read(file)
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    this.write(
      file,
      text.replace(from, () => to),
    )
  }

  commit(message: string): void {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', message)
  }

  /** Clones the repository, with the packages of this project. */
  clone(folder: string): Clone {
    execFileSync('git', ['clone', '--quiet', this.folder, folder], { env })
    appendFileSync(join(folder, '.git/info/exclude'), 'node_modules\n')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    return new Clone(folder)
  }
}

/** Commits the files of this project, as they are, to a repository of their own, and clones it. */
export function cloneProject(t: Test): { project: Clone; clone: Clone } {
  const project = copyProject(makeFolder(t))
  return { project, clone: project.clone(join(makeFolder(t), 'clone')) }
}

/** The repository of the project is not read: its folder may be without one, or that of another user. */
export function copyProject(folder: string): Clone {
  const copy = new Clone(folder)
  copy.git('init', '--quiet', '--initial-branch=main')
  copy.git('-C', root, '--git-dir', join(folder, '.git'), '--work-tree', root, 'add', '--all')
  copy.git('checkout-index', '--all')
  // A service that was made of the project has this line
  copy.write('README.md', copy.read('README.md').replace(/^Started from .*\n\n/m, ''))
  copy.commit('Begin')
  return copy
}

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'clone-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}
