import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { configSchema, loadConfig } from '../../src/config/index.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { find, type KubernetesObject, readKustomization, renderKustomization } from '../helpers/kustomize.ts'

const root = join(import.meta.dirname, '../..')
const overlay = join(root, 'deploy/kubernetes/overlays/production')
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
const secretKeys = [
  ...readFileSync(join(root, 'deploy/kubernetes/secret.example.env'), 'utf8').matchAll(/^(\w+)=(.*)$/gm),
]

/** Runs the test on the files themselves and on the output of `kubectl kustomize`. */
function onObjects(title: string, run: (t: Test, objects: KubernetesObject[]) => void | Promise<void>) {
  t.test(title, async (t) => run(t, readKustomization(overlay)))
  t.test(`${title} (kubectl kustomize)`, async (t) => {
    const rendered = renderKustomization(overlay)
    if (rendered) await run(t, rendered)
    else t.pass('', { skip: 'no kubectl' })
  })
}

const podOf = (objects: KubernetesObject[], kind: string) => find(objects, kind).spec.template
const serverOf = (objects: KubernetesObject[]) => podOf(objects, 'Deployment').spec.containers[0]
const isSubset = (part: object, whole: Record<string, string>) =>
  Object.entries(part).every(([name, value]) => whole[name] === value)

/** Loads a ConfigMap with an issuer in place of the placeholder. */
const load = (data: Record<string, string>) => loadConfig({ ...data, AUTH0_DOMAIN: 'tenant.test' })

onObjects('all variables are known to the service and have valid values', (t, objects) => {
  const { data } = find(objects, 'ConfigMap')
  const variables = [
    ...Object.keys(data),
    ...serverOf(objects).env.map(({ name }: { name: string }) => name),
    ...secretKeys.map(([, name = '']) => name),
  ]
  const known = Object.keys(configSchema.properties)
  t.strictSame(
    variables.filter((name) => !known.includes(name)),
    [],
  )
  t.throws(() => loadConfig(data), /:\n *AUTH0_DOMAIN is wrong: this is a placeholder.*$/)
  t.doesNotThrow(() => load(data))
  t.same(serverOf(objects).envFrom, [{ configMapRef: { name: find(objects, 'ConfigMap').metadata.name } }])
})

onObjects('secrets are references, and the example lists all of them', (t, objects) => {
  const keys = secretKeys.map(([, name]) => name)
  t.strictSame(
    secretKeys.map(([, , value]) => value).filter((value) => value !== ''),
    [],
  )
  t.notOk(objects.some(({ kind }) => kind === 'Secret'))
  for (const kind of ['Deployment', 'Job']) {
    const [{ env }] = podOf(objects, kind).spec.containers
    for (const { name, value, valueFrom } of env) {
      t.equal(value, undefined, name)
      t.match(valueFrom, { secretKeyRef: { name: 'gatehouse', key: name } })
      t.ok(keys.includes(name), `${name} is in secret.example.env`)
      t.equal(valueFrom.secretKeyRef.optional ?? false, name !== 'DATABASE_URL', `${name} is optional or not`)
    }
  }
  t.strictSame(
    serverOf(objects).env.map(({ name }: { name: string }) => name),
    keys,
  )
})

onObjects('ports match those of the service', (t, objects) => {
  const { data } = find(objects, 'ConfigMap')
  t.strictSame(serverOf(objects).ports, [
    { name: 'http', containerPort: Number(data.PORT) },
    { name: 'metrics', containerPort: Number(data.METRICS_PORT) },
  ])
  t.match(dockerfile, new RegExp(`^EXPOSE ${data.PORT}$`, 'm'))
  t.equal(podOf(objects, 'Deployment').metadata.annotations['prometheus.io/port'], data.METRICS_PORT)
  t.equal(find(objects, 'Service').spec.ports[0].targetPort, 'http')
  const { ingress } = find(objects, 'NetworkPolicy').spec
  const metrics = ingress.filter(({ ports }: KubernetesObject) => ports[0].port === 'metrics')
  t.match(metrics, [{ from: [{ namespaceSelector: { matchLabels: {} } }], ports: { length: 1 } }])
  const backend = find(objects, 'Ingress').spec.rules[0].http.paths[0].backend.service
  t.strictSame(backend, { name: find(objects, 'Service').metadata.name, port: { name: 'http' } })
})

onObjects('probes use existing public routes', async (t, objects) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { path, port } = serverOf(objects)[name].httpGet
    t.equal(port, 'http')
    t.equal(path, name === 'readinessProbe' ? '/readyz' : '/livez', name)
    t.equal((await app.inject(path)).statusCode, 200, `${name}: ${path}`)
  }
})

onObjects('termination leaves time for load balancers and for requests in flight', (t, objects) => {
  const { terminationGracePeriodSeconds } = podOf(objects, 'Deployment').spec
  const { SHUTDOWN_DELAY_SECONDS, SHUTDOWN_GRACE_SECONDS } = load(find(objects, 'ConfigMap').data)
  const { seconds } = serverOf(objects).lifecycle.preStop.sleep
  const { periodSeconds, failureThreshold } = serverOf(objects).readinessProbe
  const notice = seconds + SHUTDOWN_DELAY_SECONDS
  t.ok(notice >= periodSeconds * failureThreshold, 'load balancers with these probes have noticed')
  t.ok(SHUTDOWN_DELAY_SECONDS > 0, 'clients with open connections are asked to close them')
  t.ok(notice + SHUTDOWN_GRACE_SECONDS < terminationGracePeriodSeconds)
  t.equal(find(objects, 'Deployment').spec.strategy.rollingUpdate.maxUnavailable, 0)
})

onObjects('pods run as the user of the image without further privileges', (t, objects) => {
  const [, user, group] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? []
  for (const kind of ['Deployment', 'Job']) {
    const { spec } = podOf(objects, kind)
    t.match(spec.securityContext, {
      runAsNonRoot: true,
      runAsUser: Number(user),
      runAsGroup: Number(group),
      seccompProfile: { type: 'RuntimeDefault' },
    })
    t.equal(spec.automountServiceAccountToken, false)
    t.strictSame(spec.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  }
  const { volumes } = podOf(objects, 'Deployment').spec
  t.strictSame(
    serverOf(objects).volumeMounts.map(({ name, mountPath }: KubernetesObject) => [name, mountPath]),
    [['tmp', '/tmp']],
  )
  t.match(volumes, [{ name: 'tmp', emptyDir: {} }])
})

onObjects('selectors match only their own pods', (t, objects) => {
  const server = podOf(objects, 'Deployment').metadata.labels
  const migration = podOf(objects, 'Job').metadata.labels
  const selectors = {
    Deployment: find(objects, 'Deployment').spec.selector.matchLabels,
    Service: find(objects, 'Service').spec.selector,
    PodDisruptionBudget: find(objects, 'PodDisruptionBudget').spec.selector.matchLabels,
    ...Object.fromEntries(
      podOf(objects, 'Deployment').spec.topologySpreadConstraints.map((constraint: KubernetesObject) => [
        constraint.topologyKey,
        constraint.labelSelector.matchLabels,
      ]),
    ),
  }
  for (const [name, selector] of Object.entries(selectors)) {
    t.ok(isSubset(selector, server), `${name} selects the server`)
    t.notOk(isSubset(selector, migration), `${name} does not select the migration`)
  }
  const everything = find(objects, 'NetworkPolicy').spec.podSelector.matchLabels
  t.ok(isSubset(everything, server) && isSubset(everything, migration))
  t.match(find(objects, 'HorizontalPodAutoscaler').spec.scaleTargetRef, {
    kind: 'Deployment',
    name: find(objects, 'Deployment').metadata.name,
  })
})

onObjects('the migration runs a program of the image', (t, objects) => {
  const [{ command, image }] = podOf(objects, 'Job').spec.containers
  t.equal(image, serverOf(objects).image)
  t.equal(command[0], 'node')
  t.ok(existsSync(join(root, command[1])), command[1])
  t.match(dockerfile, /^COPY src src$/m)
})
