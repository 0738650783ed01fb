import type { Series } from './memory.ts'

const [WIDTH, HEIGHT] = [860, 360]
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 120, 50, 50]
const COLORS = ['#635dff', '#d97706', '#16a34a', '#6b7280']
const GRID_LINES = 5
const MAX_POINTS = 600

/** Draws resident sizes in time, one line for each process. */
export function curve(title: string, series: readonly Series[]): string {
  const seconds = Math.max(1, ...series.map(({ mib }) => mib.length - 1))
  const largest = Math.max(...series.flatMap(({ mib }) => mib.filter(Number.isFinite)))
  const top = Math.ceil(largest / 50) * 50
  const x = (second: number) => LEFT + ((WIDTH - LEFT - RIGHT) * second) / seconds
  const y = (mib: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * mib) / top
  const rows = Array.from({ length: GRID_LINES + 1 }, (_, line) => (top * line) / GRID_LINES)
  const columns = Array.from({ length: GRID_LINES + 1 }, (_, line) => (seconds * line) / GRID_LINES)
  const grid = [
    ...rows.map((mib) =>
      [
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(mib).toFixed(1)}" y2="${y(mib).toFixed(1)}" stroke="#e5e7eb"/>`,
        `<text x="${LEFT - 10}" y="${(y(mib) + 5).toFixed(1)}" text-anchor="end">${mib} MiB</text>`,
      ].join(''),
    ),
    ...columns.map(
      (second) =>
        `<text x="${x(second).toFixed(1)}" y="${HEIGHT - BOTTOM + 24}" text-anchor="middle">${(second / 60).toFixed(1)} min</text>`,
    ),
  ]
  const lines = series.map(({ name, mib }, index) => {
    const step = Math.ceil(mib.length / MAX_POINTS)
    const points = mib.flatMap((value, second) =>
      second % step === 0 && Number.isFinite(value) ? [`${x(second).toFixed(1)},${y(value).toFixed(1)}`] : [],
    )
    const color = COLORS[index % COLORS.length]
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`,
      `<text x="${WIDTH - RIGHT + 10}" y="${TOP + 20 * (index + 1)}" fill="${color}">${name}</text>`,
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#1b1b1f">
<title>${title}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${LEFT}" y="28" font-size="14" font-weight="600">${title}</text>
${[...grid, ...lines].join('\n')}
</svg>
`
}
