import { execFileSync } from 'node:child_process'

/** Runs git in the folder and returns what it prints. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

/** @throws {Error} unless the folder is the root of a work tree whose files are all committed */
export function assertClean(folder: string): void {
  let status: string
  try {
    status = git(folder, 'status', '--porcelain')
  } catch {
    throw new Error(
      'This folder is not in a git repository. Run "git init", commit everything, then try again.',
    )
  }
  if (status !== '')
    throw new Error('The work tree has changes that are not committed. Commit or stash them, then try again.')
}

/** Address of the repository that a clone came from, for a link; empty unless it is on a host. */
export function originOf(folder: string): string {
  let url: string
  try {
    url = git(folder, 'remote', 'get-url', 'origin')
  } catch {
    return ''
  }
  const [, host, path] =
    /^(?:https:\/\/(?:[^@/]*@)?|(?:ssh:\/\/)?git@)([\w.-]+)[:/](.+?)(?:\.git)?$/.exec(url) ?? []
  return host === undefined ? '' : `https://${host}/${path}`
}
