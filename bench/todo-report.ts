import { chart } from './chart.ts'
import { conditions, median, spread, table, writeBetweenMarks, writePicture } from './page.ts'
import { CONNECTIONS, SECONDS } from './setup.ts'
import {
  type Cost,
  DATABASES,
  type Database,
  fromMemory,
  fromStore,
  ROUTES,
  type Route,
  statementAlone,
  type TodoMeasurements,
} from './todo.ts'

const GOAL = 0.5
const GOAL_IS_FOR = fromStore('GET /todo', 'SQLite')

export async function writeTodoReport(measured: TodoMeasurements): Promise<void> {
  const { wrk, rounds, postgresVersion } = measured
  const shares = ROUTES.flatMap((route) => DATABASES.map((database) => shareOf(measured, route, database)))
  const parts = [
    `${conditions(wrk, rounds, SECONDS, CONNECTIONS)}\nSQLite ${process.versions.sqlite}, PostgreSQL ${postgresVersion}.`,
    costTable(measured),
    shareTable(shares),
  ]
  await writeBetweenMarks('benchmarks.md', 'bench -- --only=todo', parts.join('\n\n'))
  const bars = shares.flatMap(({ route, database, ofDriver }) => [
    { name: statementAlone(route, database), ratio: 1 },
    { name: `Gatehouse, ${fromStore(route, database)}`, ratio: ofDriver },
  ])
  const title = 'Rate without HTTP costs, relative to the bare driver'
  await writePicture('benchmarks-todo.svg', chart(title, bars))
}

function costTable({ costs }: TodoMeasurements): string {
  return table(
    ['request or statement', 'us of processor time', 'lowest - highest', 'per second, wall clock'],
    [...costs].map(([name, values]) => {
      const cpu = values.map(({ cpuMicroseconds }) => cpuMicroseconds)
      const perSecond = median(values.map(({ perSecond }) => perSecond))
      return [name, median(cpu).toFixed(1), spread(cpu), String(Math.round(perSecond))]
    }),
  )
}

type Share = ReturnType<typeof shareOf>

/** Computes figures within each round and returns their medians, so noise affects its own round only. */
function shareOf({ costs }: TodoMeasurements, route: Route, database: Database) {
  const valuesOf = (name: string) => costs.get(name) ?? []
  const stored = valuesOf(fromStore(route, database))
  const alone = valuesOf(statementAlone(route, database))
  const memory = valuesOf(fromMemory(route))
  const least = (costs: readonly Cost[]) => Math.min(...costs.map(({ cpuMicroseconds }) => cpuMicroseconds))
  const compute = (figure: (stored: Cost, memory: Cost, alone: Cost) => number) =>
    median(stored.map((cost, round) => figure(cost, memory[round] as Cost, alone[round] as Cost)))
  return {
    route,
    database,
    beyond: compute((stored, memory) => stored.cpuMicroseconds - memory.cpuMicroseconds),
    alone: compute((_stored, _memory, alone) => alone.cpuMicroseconds),
    ofDriver: compute(
      (stored, memory, alone) => alone.cpuMicroseconds / (stored.cpuMicroseconds - memory.cpuMicroseconds),
    ),
    ofDriverByLowest: least(alone) / (least(stored) - least(memory)),
    byTheClock: compute((stored, _memory, alone) => stored.perSecond / alone.perSecond),
  }
}

function shareTable(shares: readonly Share[]): string {
  return table(
    [
      'request',
      'us more than from memory',
      'us of the statement alone',
      "share of the driver's rate",
      'from the lowest figures',
      'goal',
      'met',
      'wall-clock share',
    ],
    shares.map(({ route, database, beyond, alone, ofDriver, ofDriverByLowest, byTheClock }) => {
      const name = fromStore(route, database)
      const figures = [beyond.toFixed(1), alone.toFixed(1), ofDriver.toFixed(2), ofDriverByLowest.toFixed(2)]
      const goal = name === GOAL_IS_FOR ? [`at least ${GOAL}`, ofDriver >= GOAL ? 'yes' : 'no'] : ['', '']
      return [name, ...figures, ...goal, byTheClock.toFixed(2)]
    }),
  )
}
