/**
 * Measures the rows in turn, round after round, after some rounds that only warm up. The order turns with each round,
 * so that no row always runs after the same one.
 */
export async function inTurn<Row extends { name: string }, Figure>(
  rows: readonly Row[],
  rounds: number,
  measure: (row: Row) => Promise<Figure>,
  warmUps = 1,
): Promise<Map<string, Figure[]>> {
  const figures = new Map<string, Figure[]>(rows.map(({ name }) => [name, []]))
  for (let round = -warmUps; round < rounds; round++) {
    const first = Math.max(round, 0) % rows.length
    for (const row of [...rows.slice(first), ...rows.slice(0, first)]) {
      const figure = await measure(row)
      if (round >= 0) figures.get(row.name)?.push(figure)
    }
    process.stdout.write(round < 0 ? 'warming up\n' : `round ${round + 1} of ${rounds}\n`)
  }
  return figures
}
