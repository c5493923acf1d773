import { Attempt } from './attempt.ts'
import { RaftHttpError } from './errors.ts'
import type { TransportClock } from './ports.ts'
import { joined } from './snapshot-body.ts'

/** All of a request's body. Throws `TOO_LARGE` (413) and `TIMEOUT` (408); what the body throws if it breaks off. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  limits: { readonly clock: TransportClock; readonly bytesMax: number; readonly timeoutMs: number },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of impatient(body, limits.clock, { totalMs: limits.timeoutMs })) {
    length += chunk.length
    if (length > limits.bytesMax) {
      throw new RaftHttpError('TOO_LARGE', 'http: request body too large', { status: 413 })
    }
    parts.push(chunk)
  }
  return joined(parts, length)
}

/** The chunks of `body`, which must come in time: all within `totalMs`, or each within `chunkMs`. */
export async function* impatient(
  body: AsyncIterable<Uint8Array>,
  clock: TransportClock,
  times: { readonly totalMs?: number; readonly chunkMs?: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = body[Symbol.asyncIterator]()
  const untilMs = clock.now() + (times.totalMs ?? Number.POSITIVE_INFINITY)
  let isOver = false
  try {
    for (;;) {
      const waitMs = Math.min(times.chunkMs ?? Number.POSITIVE_INFINITY, untilMs - clock.now())
      const next = await within(chunks.next(), clock, waitMs)
      if (next.done === true) {
        isOver = true
        return
      }
      yield next.value
    }
  } finally {
    // What waits for a chunk that never comes would wait for ever here: not awaited.
    if (!isOver) chunks.return?.().catch(() => undefined)
  }
}

function within<T>(promise: Promise<T>, clock: TransportClock, waitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(clock, Math.max(0, waitMs), 'reading a request')
    attempt.signal.addEventListener('abort', () =>
      reject(new RaftHttpError('TIMEOUT', 'the body of the request does not come', { status: 408 })),
    )
    promise.then(resolve, reject).finally(() => attempt.done())
  })
}
