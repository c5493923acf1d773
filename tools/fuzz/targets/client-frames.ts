import { createGrpcChannel, GrpcError } from '@kvs/grpc'
import { FrameFlag, FrameType } from '@kvs/grpc/http2'
import { VirtualClock } from '@kvs/testing'
import { type FuzzTarget, mustHold } from '../target.ts'
import { chunked, DirectPipe, settle } from './direct-pipe.ts'
import { block, concat, frame, http2Dictionary, message, mutateFrames, responsePairs } from './http2-frames.ts'

const { DATA, HEADERS, SETTINGS, GOAWAY, RST_STREAM } = FrameType
const { END_STREAM, END_HEADERS, ACK } = FrameFlag

const HEAD_BYTES = 2
const greeting = concat(frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0))

async function run(input: Uint8Array): Promise<string> {
  const clock = new VirtualClock()
  const pipe = new DirectPipe(clock)
  const channel = createGrpcChannel({ clock, authority: 'fuzz', dial: () => pipe, limits: { maxReceiveBytes: 10_000 } })
  const connecting = channel
    .connect()
    .catch((error: unknown) => mustHold(error instanceof GrpcError, 'not a GrpcError'))
  const ends: string[] = []
  const note = (error: GrpcError | undefined): void => void ends.push(error === undefined ? 'OK' : error.status)
  const options = { timeoutMs: 50_000 }
  channel.unary('/f.F/A', Uint8Array.of(1), options, note)
  const stream = channel.stream('/f.F/B', { message() {}, end: note }, options)
  stream.send(Uint8Array.of(2), 0, 1)
  channel.unary('/f.F/C', Uint8Array.of(3), options, note)
  for (let i = 0; i < 3; i++) await undefined
  if (((input[0] ?? 0) & 1) === 0) pipe.feed(greeting.slice())
  settle(clock)
  for (const chunk of chunked(input.subarray(HEAD_BYTES), input[1] ?? 0)) pipe.feed(chunk)
  settle(clock)
  if (((input[0] ?? 0) & 2) !== 0) pipe.finish()
  clock.advance(100_000)
  settle(clock)
  mustHold(ends.length === 3, `calls ended ${ends.length} times`)
  pipe.destroy()
  settle(clock)
  await connecting
  mustHold(channel.calls === 0, 'a call is left over')
  return [...new Set(ends)].sort().join(', ')
}

function seeds(): readonly Uint8Array[] {
  const head = [0, 0]
  const headers = block(responsePairs)
  const trailers = block([['grpc-status', '0']])
  const failure = block([...responsePairs, ['grpc-status', '5'], ['grpc-message', 'not%20found']])
  const answer = (id: number): Uint8Array =>
    concat(
      frame(HEADERS, END_HEADERS, id, headers),
      frame(DATA, 0, id, message([7])),
      frame(HEADERS, END_HEADERS | END_STREAM, id, trailers),
    )
  return [
    concat(head, answer(1), answer(3), answer(5)),
    concat(head, frame(HEADERS, END_HEADERS | END_STREAM, 1, failure), frame(RST_STREAM, 0, 3, [0, 0, 0, 7])),
    concat(head, frame(GOAWAY, 0, 0, [0, 0, 0, 1, 0, 0, 0, 11, 0x63]), answer(1)),
    concat(head, frame(HEADERS, END_HEADERS, 1, block([[':status', '100']])), answer(1)),
    concat(head, ...http2Dictionary),
  ]
}

/** Any bytes to a client: each of its calls ends exactly once. */
export const clientFrames: FuzzTarget = {
  name: 'client',
  maxBytes: 4_096,
  dictionary: http2Dictionary,
  seeds,
  run,
  mutate: (input, random) => mutateFrames(input, HEAD_BYTES, random),
}
