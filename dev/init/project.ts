import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { git } from './git.ts'

/** The files of a project, read and written in its folder. */
export class Project {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  get name(): string {
    return this.manifest.name
  }

  /** package.json */
  get manifest() {
    return JSON.parse(this.read('package.json')) as {
      name: string
      version: string
      scripts: Record<string, string>
      dependencies: Record<string, string>
      devDependencies: Record<string, string>
    }
  }

  /** Files that git knows and that exist. */
  get files(): string[] {
    const deleted = new Set(git(this.folder, 'ls-files', '--deleted', '-z').split('\0'))
    const known = git(this.folder, 'ls-files', '--cached', '--others', '--exclude-standard', '-z').split('\0')
    return [...new Set(known)].filter((file) => file !== '' && !deleted.has(file))
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
  }

  /** Applies a change to text files. */
  edit(files: readonly string[], change: (text: string, file: string) => string): void {
    for (const file of files) {
      const text = this.read(file)
      if (text.includes('\0')) continue
      const changed = change(text, file)
      if (changed !== text) writeFileSync(join(this.folder, file), changed)
    }
  }

  find(patterns: readonly string[]): string[] {
    return globSync(patterns as string[], { cwd: this.folder })
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true })
  }

  /** Renames files whose own name changes. */
  move(change: (name: string) => string): void {
    for (const file of this.files) {
      const target = join(dirname(file), change(basename(file)))
      if (target !== file) renameSync(join(this.folder, file), join(this.folder, target))
    }
  }
}
