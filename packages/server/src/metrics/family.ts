import type { Histogram, Outcomes } from './histogram.ts'

/** Label names and values, names in ascending order. */
export type MetricLabels = Readonly<Record<string, string>>

/** One line of a family: `suffix` is what histograms append to the name. */
export interface MetricSample {
  readonly suffix: '' | '_bucket' | '_sum' | '_count'
  readonly labels: MetricLabels
  readonly value: number
}

/** Metrics of one name. `samples` reads the plain numbers at the moment it is called. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  samples(): readonly MetricSample[]
}

/** A value with its labels. */
export interface Labelled {
  readonly labels: MetricLabels
  readonly value: number
}

const noLabels: MetricLabels = {}

export function counter(name: string, help: string, read: () => number): MetricFamily {
  return { name, help, type: 'counter', samples: () => [plain(noLabels, read())] }
}

export function gauge(name: string, help: string, read: () => number): MetricFamily {
  return { name, help, type: 'gauge', samples: () => [plain(noLabels, read())] }
}

export function counters(name: string, help: string, read: () => readonly Labelled[]): MetricFamily {
  return { name, help, type: 'counter', samples: () => read().map(({ labels, value }) => plain(labels, value)) }
}

export function gauges(name: string, help: string, read: () => readonly Labelled[]): MetricFamily {
  return { name, help, type: 'gauge', samples: () => read().map(({ labels, value }) => plain(labels, value)) }
}

/** A fact told by a label, whose value is 1. */
export function fact(name: string, help: string, label: string, read: () => string | undefined): MetricFamily {
  return gauges(name, help, () => {
    const told = read()
    return told === undefined ? [] : [{ labels: { [label]: told }, value: 1 }]
  })
}

export function histogram(name: string, help: string, source: Histogram): MetricFamily {
  return { name, help, type: 'histogram', samples: () => histogramSamples(source, noLabels) }
}

/** What a family of labelled histograms has. */
export interface LabelledHistogram {
  readonly labels: MetricLabels
  readonly histogram: Histogram
}

export function histograms(name: string, help: string, read: () => readonly LabelledHistogram[]): MetricFamily {
  return {
    name,
    help,
    type: 'histogram',
    samples: () => read().flatMap(({ labels, histogram: source }) => histogramSamples(source, labels)),
  }
}

/** Both outcomes with a label `success`; like Go's client it shows what has happened only. */
export function outcomesOf(outcomes: Outcomes, labels: MetricLabels): readonly LabelledHistogram[] {
  const all = [
    { labels: { ...labels, success: 'false' }, histogram: outcomes.failed },
    { labels: { ...labels, success: 'true' }, histogram: outcomes.succeeded },
  ]
  return all.filter(({ histogram: source }) => source.count > 0)
}

function plain(labels: MetricLabels, value: number): MetricSample {
  return { suffix: '', labels, value }
}

function histogramSamples(source: Histogram, labels: MetricLabels): readonly MetricSample[] {
  const samples: MetricSample[] = []
  let total = 0
  source.counts.forEach((count, i) => {
    total += count
    const le = goFloat(source.bounds[i] ?? Number.POSITIVE_INFINITY)
    samples.push({ suffix: '_bucket', labels: { ...labels, le }, value: total })
  })
  samples.push({ suffix: '_sum', labels, value: source.sum }, { suffix: '_count', labels, value: total })
  return samples
}

/**
 * A number as Go's client prints it: exponents from 10^6 on and below 10^-4. Labels are compared as text, so that a
 * bound must be spelled alike by all who are asked for it.
 */
export function goFloat(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  const magnitude = Math.abs(value)
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) return String(value)
  const [digits, exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
