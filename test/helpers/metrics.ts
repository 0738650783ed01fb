export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Parses a scrape in Prometheus' text format, version 0.0.4. Throws at an invalid line. */
export class Scrape {
  readonly samples: readonly Sample[]
  /** Types by name. */
  readonly types: ReadonlyMap<string, string>

  static async of(port: number): Promise<Scrape> {
    // A connection that is kept could be closed by the server just as it is used again
    const headers = { connection: 'close' }
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers })
    if (response.status !== 200) throw new Error(`the scrape returned ${response.status}`)
    return new Scrape(await response.text())
  }

  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '')
    this.samples = lines.filter((line) => !line.startsWith('#')).map(toSample)
    const types = lines.map((line) => /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [])
    this.types = new Map(types.flatMap(([line, name = '', type = '']) => (line ? [[name, type]] : [])))
  }

  /** Sum of all series with these labels. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.series(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  series(name: string, labels: Record<string, string> = {}): Sample[] {
    const fits = (sample: Sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    return this.samples.filter((sample) => sample.name === name && fits(sample))
  }

  /** Values of a counter or gauge by the value of its label. */
  byLabel(name: string, label: string): Record<string, number> {
    return Object.fromEntries(this.series(name).map(({ labels, value }) => [labels[label], value]))
  }

  /** Labels of each metric. The series of a histogram count as one metric. */
  get labelsByName(): Map<string, Set<string>> {
    const all = new Map([...this.types.keys()].map((name) => [name, new Set<string>()]))
    for (const { name, labels } of this.samples) {
      const base = name.replace(/_(bucket|sum|count)$/, '')
      const known = all.get(name) ?? all.get(base)
      for (const label of Object.keys(labels)) known?.add(label)
    }
    return all
  }
}

function toSample(line: string): Sample {
  const [, name = '', labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
  // The mean event loop lag is not a number if two scrapes are too close together
  if (value === undefined || (Number.isNaN(number) && value !== 'Nan'))
    throw new Error(`invalid sample: ${line}`)
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)]
  if (pairs.map(([pair]) => pair).join('') !== labels) throw new Error(`invalid labels: ${line}`)
  return { name, labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])), value: number }
}
