import type { CallEnd, ServerCall } from '@kvs/grpc'
import { NetError } from '@kvs/net'
import { ServerError } from '../errors.ts'
import type { Logger } from '../parts.ts'
import type { TracingOptions } from '../tracing/options.ts'
import { systemClock } from './clock.ts'
import { systemRandom } from './random.ts'

/** Traces of the calls of a member, while it runs. */
export interface Tracing {
  readonly ended: (call: ServerCall, end: Readonly<CallEnd>) => void
  close(): Promise<void>
}

/** Loads what traces calls, where they are to be traced. Throws `ServerError` (`CONFIG`) for an address that is none. */
export async function openTracing(options: TracingOptions | undefined, logger: Logger): Promise<Tracing | undefined> {
  if (options === undefined) return undefined
  const { CallTracer } = await import('../tracing/call-tracer.ts')
  const { OtlpExporter } = await import('../tracing/otlp-exporter.ts')
  try {
    const exporter = new OtlpExporter(options, { clock: systemClock, logger })
    const { samplesPerMillion } = options
    const tracer = new CallTracer({ clock: systemClock, random: systemRandom, sink: exporter, samplesPerMillion })
    logger.info('distributed tracing enabled', { address: options.address, 'sampling-rate': samplesPerMillion })
    return { ended: (call, end) => tracer.ended(call, end), close: () => exporter.close() }
  } catch (error) {
    if (!(error instanceof NetError)) throw error
    throw new ServerError('CONFIG', `--distributed-tracing-address: ${error.message}`, { cause: error })
  }
}
