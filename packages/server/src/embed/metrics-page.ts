import type { Metric, Registry } from 'prom-client'
import { type HttpHandler, type HttpResponse, textResponse } from '../edge/http.ts'
import * as limits from '../limits.ts'
import { counters, gauge, type MetricFamily } from '../metrics/family.ts'
import { systemClock } from './clock.ts'
import { processFamilies } from './process-families.ts'

/**
 * `/metrics`: the member's families, those of the process and those of Node, as Prometheus' text. Who is never scraped
 * pays nothing: the library is loaded, and watching the event loop and the garbage collector begins, with the first scrape.
 * The text is made in slices, once for all who ask meanwhile.
 */
export class MetricsPage {
  readonly #families: readonly MetricFamily[]
  #registry: Promise<Registry> | undefined
  #text: Promise<string> | undefined
  #inFlight = 0
  #scrapes = 0
  #failures = 0

  constructor(families: readonly MetricFamily[]) {
    this.#families = [...families, ...processFamilies(), ...this.#ownFamilies()]
  }

  readonly handle: HttpHandler = async () => {
    this.#inFlight++
    try {
      const response = await this.#respond()
      this.#scrapes++
      return response
    } catch (error) {
      this.#failures++
      throw error
    } finally {
      this.#inFlight--
    }
  }

  async #respond(): Promise<HttpResponse> {
    this.#registry ??= registryOf(this.#families)
    const registry = await this.#registry
    this.#text ??= textOf(registry).finally(() => {
      this.#text = undefined
    })
    return textResponse(200, await this.#text, registry.contentType)
  }

  /** What Go's handler counts about itself. */
  #ownFamilies(): readonly MetricFamily[] {
    return [
      gauge('promhttp_metric_handler_requests_in_flight', 'Scrapes being answered.', () => this.#inFlight),
      counters('promhttp_metric_handler_requests_total', 'Scrapes by HTTP status.', () => [
        { labels: { code: '200' }, value: this.#scrapes },
        { labels: { code: '500' }, value: this.#failures },
        { labels: { code: '503' }, value: 0 },
      ]),
    ]
  }
}

async function registryOf(families: readonly MetricFamily[]): Promise<Registry> {
  // A package in CommonJS: only its default is there in every kind of bundle.
  const { default: client } = await import('prom-client')
  const { collectDefaultMetrics, Registry } = client
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // The library counts CPU time from its first look on only.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('process_')) registry.removeSingleMetric(name)
  }
  for (const family of families) registry.registerMetric(collectorOf(family) as unknown as Metric)
  return registry
}

/** All that the registry wants of a metric: its description, and its values when it is asked for them. */
function collectorOf({ name, help, type, samples }: MetricFamily): {
  readonly name: string
  get(): Promise<object>
} {
  const values = (): readonly object[] =>
    samples().map(({ suffix, labels, value }) => ({ metricName: `${name}${suffix}`, labels, value }))
  return { name, get: async () => ({ name, help, type, aggregator: 'sum', values: values() }) }
}

/** Family by family; others get their turn in between. */
async function textOf(registry: Registry): Promise<string> {
  const texts: string[] = []
  let until = systemClock.now() + limits.sliceMs
  for (const { name } of registry.getMetricsAsArray()) {
    const text = await registry.getSingleMetricAsString(name)
    // As with Go's client, a family in which nothing was counted yet is not there.
    if (/^[^#\n]/m.test(text)) texts.push(text)
    if (systemClock.now() < until) continue
    await new Promise<void>(resolve => systemClock.defer(resolve))
    until = systemClock.now() + limits.sliceMs
  }
  return `${texts.join('\n\n')}\n`
}
