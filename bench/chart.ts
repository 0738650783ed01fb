const WIDTH = 860
const LABEL = 330
const BAR = 22
const GAP = 10
const TOP = 50

/** Draws a horizontal bar for the ratio of each row. */
export function chart(title: string, rows: readonly { name: string; ratio: number }[]): string {
  const most = Math.max(1, ...rows.map(({ ratio }) => ratio))
  const height = TOP + rows.length * (BAR + GAP) + GAP
  const bars = rows.map(({ name, ratio }, i) => {
    const y = TOP + i * (BAR + GAP)
    const width = ((WIDTH - LABEL - 80) * ratio) / most
    const color = name.startsWith('Gatehouse') ? '#635dff' : '#9aa0ab'
    return [
      `<text x="${LABEL - 12}" y="${y + 16}" text-anchor="end">${name}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="4" fill="${color}"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${y + 16}">${ratio.toFixed(2)}</text>`,
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="14" fill="#1b1b1f">
<title>${title}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${LABEL}" y="28" font-weight="600">${title}</text>
${bars.join('\n')}
</svg>
`
}
