/**
 * Measures the rows in turn, round after round. Each row first warms up by at least one measurement, until `isWarm`. Each
 * round begins with another row, and every second round runs backwards, so that a row does not always follow the same one.
 */
export async function inTurn<Row extends { name: string }, Figure>(
  rows: readonly Row[],
  rounds: number,
  measure: (row: Row) => Promise<Figure>,
  isWarm: (figures: readonly Figure[]) => boolean = () => true,
): Promise<Map<string, Figure[]>> {
  process.stdout.write('warming up ...\n')
  for (const row of rows) {
    const figures: Figure[] = []
    do figures.push(await measure(row))
    while (!isWarm(figures))
  }
  const figures = new Map<string, Figure[]>(rows.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % rows.length
    const order = [...rows.slice(first), ...rows.slice(0, first)]
    for (const row of round % 2 === 0 ? order : order.reverse()) {
      figures.get(row.name)?.push(await measure(row))
    }
    process.stdout.write(`round ${round + 1} of ${rounds}\n`)
  }
  return figures
}
