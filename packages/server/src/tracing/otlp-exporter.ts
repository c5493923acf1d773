import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet, parseAddress } from '@kvs/net'
import * as limits from '../limits.ts'
import type { Clock, Logger } from '../parts.ts'
import type { TracingOptions } from './options.ts'
import { encodeExport, exportPath } from './otlp.ts'
import type { Span, SpanSink } from './span.ts'

/**
 * Sends spans to a collector in batches, over a connection of our own gRPC client, unencrypted as etcd does. Spans never
 * hold anything up: what the collector does not take in time is dropped, and told of once a minute.
 */
export class OtlpExporter implements SpanSink {
  readonly #options: TracingOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #channel: GrpcChannel
  #waiting: Span[] = []
  #timer: unknown
  #sending: Promise<void> | undefined
  #dropped = 0
  #toldAtMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: TracingOptions, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options
    this.#clock = clock
    this.#logger = logger
    const { address } = parseAddress(`http://${options.address}`)
    const dial = (): ReturnType<ReturnType<typeof nodeNet>['dial']> => nodeNet().dial(address)
    this.#channel = createGrpcChannel({ clock, dial, authority: options.address })
  }

  add(span: Span): void {
    if (this.#closed) return
    if (this.#waiting.length >= limits.spansWaitingMax) {
      this.#dropped++
      return
    }
    this.#waiting.push(span)
    if (this.#waiting.length >= limits.spansPerExport) this.#send()
    else this.#timer ??= this.#clock.setTimer(limits.exportIntervalMs, () => this.#send())
  }

  /** Sends what waits, for a moment, and lets go of the connection. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#sending
    if (this.#waiting.length > 0) this.#send()
    await this.#sending
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    await this.#channel.close()
  }

  #send(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (this.#sending !== undefined) return
    const spans = this.#waiting.splice(0, limits.spansPerExport)
    if (spans.length === 0) return
    this.#sending = this.#export(spans)
      .catch((error: unknown) => this.#failed(spans.length, error))
      .finally(() => {
        this.#sending = undefined
        if (this.#waiting.length > 0 && !this.#closed) this.#timer ??= this.#clock.setTimer(0, () => this.#send())
      })
  }

  async #export(spans: readonly Span[]): Promise<void> {
    const { serviceName, instanceId } = this.#options
    const resource = {
      'service.name': serviceName,
      ...(instanceId === '' ? {} : { 'service.instance.id': instanceId }),
    }
    const options = { timeoutMs: this.#closed ? limits.lastExportTimeoutMs : limits.exportTimeoutMs }
    await this.#channel.connect()
    await this.#channel.call(exportPath, encodeExport(spans, resource), options)
  }

  #failed(spans: number, error: unknown): void {
    this.#dropped += spans
    const nowMs = this.#clock.now()
    if (nowMs - this.#toldAtMs < limits.exportFailureLineIntervalMs) return
    this.#toldAtMs = nowMs
    const reason = error instanceof Error ? error.message : String(error)
    this.#logger.warn('failed to export traces', { error: reason, 'dropped-spans': this.#dropped })
    this.#dropped = 0
  }
}
