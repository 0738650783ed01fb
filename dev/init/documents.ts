import { join } from 'node:path/posix'
import type { Part } from './parts.ts'

const linkPattern = /\[[^\]]*\]\((?!https?:)([^)#]+)[^)]*\)/g
const testPattern = /`(test\/[\w./-]+)`/g

/**
 * Removes the rows of tables that are about a part: those that it names, and those whose links or tests are all removed. Other rows
 * only lose their links to removed files.
 *
 * @param folder folder of the page, to which its links are relative
 */
export function removeRows(
  page: string,
  folder: string,
  { rows }: Pick<Part, 'rows'>,
  isRemoved: (path: string) => boolean,
): string {
  const edit = (line: string): string[] => {
    if (!line.startsWith('|')) return [line]
    const links = [...line.matchAll(linkPattern)]
    const dead = links.filter(([, target = '']) => isRemoved(join(folder, target)))
    if (dead.length > 0 && dead.length < links.length)
      return [dead.reduce((row, [text]) => row.replace(`, ${text}`, '').replace(`${text}, `, ''), line)]
    const hasDeadTest = [...line.matchAll(testPattern)].some(([, file = '']) => isRemoved(file))
    return dead.length > 0 || hasDeadTest || rows.test(line) ? [] : [line]
  }
  return page.split('\n').flatMap(edit).join('\n')
}

interface Dashboard {
  panels: { targets?: { expr: string }[] }[]
}

/** Removes the panels of a Grafana dashboard that show metrics of a part. */
export function removePanels(json: string, { rows }: Pick<Part, 'rows'>): string {
  const dashboard = JSON.parse(json) as Dashboard
  const panels = dashboard.panels.filter(({ targets = [] }) => !targets.some(({ expr }) => rows.test(expr)))
  return panels.length === dashboard.panels.length ? json : JSON.stringify({ ...dashboard, panels })
}
