import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: a dozen kinds of objects, of which each test reads its own
export type KubernetesObject = any

interface Kustomization {
  resources: string[]
  configMapGenerator?: { name: string; literals: string[] }[]
  patches?: { path: string }[]
}

/**
 * Reads the objects of a kustomization without `kubectl`, which not every machine has: resources, patches that merge
 * mappings, and generated ConfigMaps. Namespace and images are unchanged.
 */
export function readKustomization(folder: string): KubernetesObject[] {
  const {
    resources,
    configMapGenerator = [],
    patches = [],
  }: Kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))
  const objects = resources.flatMap((resource) => {
    const path = join(folder, resource)
    return resource.endsWith('.yaml') ? parseObjects(readFileSync(path, 'utf8')) : readKustomization(path)
  })
  for (const { name, literals } of configMapGenerator) {
    const generated = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === name)
    const data = Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s)))
    if (generated) Object.assign(generated.data, data)
    else objects.push({ kind: 'ConfigMap', metadata: { name }, data })
  }
  for (const { path } of patches) {
    for (const patch of parseObjects(readFileSync(join(folder, path), 'utf8'))) {
      merge(find(objects, patch.kind), patch)
    }
  }
  return objects
}

/** Renders a kustomization with `kubectl`, without the hashes of names. Returns undefined without `kubectl`. */
export function renderKustomization(folder: string): KubernetesObject[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })
  if (error) return undefined
  if (status !== 0) throw new Error(stderr)
  return parseObjects(stdout.replaceAll(/(name: gatehouse)-[a-z0-9]{10}$/gm, '$1'))
}

/** Returns the only object of a kind. */
export function find(objects: KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind)
  if (found.length !== 1) throw new Error(`there are ${found.length} of kind ${kind}`)
  return found[0]
}

function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text).map((document) => document.toJS())
}

function merge(target: KubernetesObject, patch: KubernetesObject): void {
  for (const [key, value] of Object.entries(patch)) {
    if (Array.isArray(value)) throw new Error(`a patch of the list ${key} is not supported here`)
    if (typeof value === 'object' && target[key]) merge(target[key], value)
    else target[key] = value
  }
}
