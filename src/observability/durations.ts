/** Counts durations in buckets, for a Prometheus histogram: a few nanoseconds a time, where prom-client's own hashes the labels at each observation. */
export class Durations {
  readonly bounds: readonly number[]
  #series = new Map<string, { counts: number[]; sum: number; count: number }>()
  readonly #seriesMax: number

  /** `bounds`: upper bounds in seconds, ascending. Beyond `seriesMax` labels, new ones count as `other`. */
  constructor(bounds: readonly number[], seriesMax: number) {
    this.bounds = bounds
    this.#seriesMax = seriesMax
  }

  observe(label: string, seconds: number): void {
    let series = this.#series.get(label)
    if (series === undefined) {
      const folded = this.#series.size < this.#seriesMax ? label : 'other'
      series = this.#series.get(folded)
      if (series === undefined) {
        series = { counts: this.bounds.map(() => 0), sum: 0, count: 0 }
        this.#series.set(folded, series)
      }
    }
    // The wall clock may step back (E20).
    const duration = Math.max(0, seconds)
    let bucket = 0
    while (bucket < this.bounds.length && duration > (this.bounds[bucket] as number)) bucket++
    if (bucket < this.bounds.length) series.counts[bucket] = (series.counts[bucket] as number) + 1
    series.sum += duration
    series.count++
  }

  /** A metric as prom-client's registry takes it. */
  metric(name: string, help: string, labelName: string) {
    const values: { metricName: string; value: number; labels: Record<string, string | number> }[] = []
    for (const [label, { counts, sum, count }] of this.#series) {
      const labels = labelName === '' ? {} : { [labelName]: label }
      let below = 0
      for (const [index, bound] of this.bounds.entries()) {
        below += counts[index] as number
        values.push({ metricName: `${name}_bucket`, value: below, labels: { le: bound, ...labels } })
      }
      values.push({ metricName: `${name}_bucket`, value: count, labels: { le: '+Inf', ...labels } })
      values.push({ metricName: `${name}_sum`, value: sum, labels }, { metricName: `${name}_count`, value: count, labels })
    }
    return { name, help, type: 'histogram' as const, values, aggregator: 'sum' as const }
  }
}
