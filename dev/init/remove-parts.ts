import { dirname } from 'node:path'
import { removePanels, removeRows } from './documents.ts'
import { removeMarked } from './markers.ts'
import type { Part } from './parts.ts'
import type { Project } from './project.ts'

/** The files that explain and implement the markers. */
const OWN = /^(dev\/init|test\/dev\/init)\b/

/**
 * Removes parts with everything that names them.
 *
 * @param parts by the name in their markers
 * @returns the removed files and folders
 */
export function removeParts(project: Project, parts: Readonly<Record<string, Part>>): string[] {
  const paths = Object.values(parts).flatMap((part) => project.find(part.paths))
  for (const path of paths) project.remove(path)
  const isRemoved = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`))
  const names = new Set(Object.keys(parts))
  const files = project.files.filter((file) => !OWN.test(file))
  project.edit(files, (text, file) => {
    try {
      return removeMarked(text, names)
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`)
    }
  })
  for (const part of Object.values(parts)) {
    const pages = files.filter((file) => file.endsWith('.md'))
    project.edit(pages, (page, file) => removeRows(page, dirname(file), part, isRemoved))
    const dashboards = files.filter((file) => /^deploy\/grafana\/.*\.json$/.test(file))
    project.edit(dashboards, (json) => removePanels(json, part))
    removePackages(project, part)
  }
  return paths
}

/** Packages that remaining files of `dev` and `test` import become development dependencies. */
function removePackages(project: Project, { packages, scripts }: Part): void {
  const remaining = project.files.filter((file) => /^(dev|test)\/.*\.ts$/.test(file) && !OWN.test(file))
  const texts = remaining.map((file) => project.read(file))
  project.edit(['package.json'], (text) => {
    const manifest = JSON.parse(text) as Project['manifest']
    for (const name of scripts) delete manifest.scripts[name]
    for (const name of packages) {
      const { [name]: version = manifest.devDependencies[name] } = manifest.dependencies
      delete manifest.dependencies[name]
      delete manifest.devDependencies[name]
      const isUsed = texts.some((code) => code.includes(`'${name}'`))
      if (version !== undefined && isUsed) manifest.devDependencies[name] = version
    }
    const { devDependencies } = manifest
    manifest.devDependencies = Object.fromEntries(
      Object.entries(devDependencies).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
    return `${JSON.stringify(manifest, null, 2)}\n`
  })
}
