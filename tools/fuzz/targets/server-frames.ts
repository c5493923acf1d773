import { createGrpcServer, type GrpcServerOptions } from '@kvs/grpc'
import { FrameFlag, FrameType } from '@kvs/grpc/http2'
import { VirtualClock } from '@kvs/testing'
import { type FuzzTarget, mustHold } from '../target.ts'
import { chunked, DirectPipe, settle } from './direct-pipe.ts'
import {
  block,
  concat,
  frame,
  http2Dictionary,
  Listener,
  message,
  mutateFrames,
  preface,
  requestPairs,
  wordsOf,
} from './http2-frames.ts'

const { DATA, HEADERS, SETTINGS, CONTINUATION } = FrameType
const { END_STREAM, END_HEADERS, ACK } = FrameFlag

/** Of an input: whether the greeting is sent for it, and how it is cut into chunks. */
const HEAD_BYTES = 2
const greeting = concat(preface, frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0))
/** A server may answer this much more than the input asks for: greeting, GOAWAY, an answer of `Big`. */
const ANSWER_BYTES = 10_000

const methods: GrpcServerOptions['methods'] = [
  ['/fuzz.F/Echo', { kind: 'unary', handle: (call, body, start, end) => call.reply(body, start, end) }],
  ['/fuzz.F/Wait', { kind: 'unary', handle: () => undefined }],
  ['/fuzz.F/Big', { kind: 'unary', handle: call => call.reply(new Uint8Array(3_000), 0, 3_000) }],
  [
    '/fuzz.F/Chat',
    {
      kind: 'stream',
      open: call => ({
        message: (body, start, end) => void call.send(body, start, end),
        halfClose: () => call.finish(),
        drain() {},
        cancel() {},
      }),
    },
  ],
]

const honest = concat(
  greeting,
  frame(HEADERS, END_HEADERS, 1, block(requestPairs('/fuzz.F/Echo'))),
  frame(DATA, END_STREAM, 1, message([1, 2, 3])),
)

function run(input: Uint8Array): string {
  const clock = new VirtualClock()
  const server = createGrpcServer({
    clock,
    methods,
    limits: { maxReceiveBytes: 10_000, maxPartialBytes: 30_000 },
    http2Limits: {
      maxConcurrentStreams: 5,
      maxQueuedOutputBytes: 60_000,
      streamWindowBytes: 20_000,
      connectionWindowBytes: 80_000,
    },
    onOtherRequest(exchange) {
      exchange.respond(200, [['x', exchange.path.replace(/[^!-~]/g, '')]])
      exchange.end()
    },
  })
  const pipe = new DirectPipe(clock)
  server.accept(pipe)
  if (((input[0] ?? 0) & 1) === 0) pipe.feed(greeting.slice())
  for (const chunk of chunked(input.subarray(HEAD_BYTES), input[1] ?? 0)) pipe.feed(chunk)
  settle(clock)
  const { usage } = server
  mustHold(usage.receivedBytes <= 40_000 && usage.receivedBytes <= input.length, 'keeps more than was sent')
  mustHold(usage.inputBytes <= 4_096 + 16_384 + 65_536 + 9, 'keeps more input than allowed')
  mustHold(usage.outputBytes <= 60_000 + 2 * ANSWER_BYTES + input.length, 'keeps more output than allowed')
  mustHold(usage.streams <= 5, 'has more streams than allowed')
  const listener = new Listener()
  for (const bytes of pipe.written) listener.hear(bytes)
  serveHonest(server, clock)
  if (((input[0] ?? 0) & 2) !== 0) pipe.finish()
  clock.advance(200_000)
  settle(clock)
  pipe.destroy()
  settle(clock)
  mustHold(server.connections === 0 || pipe.destroyed, 'a connection is left over')
  mustHold(server.usage.streams === 0 && server.usage.receivedBytes === 0, 'something of the connection is left over')
  return wordsOf(listener)
}

/** Another connection is served. */
function serveHonest(server: ReturnType<typeof createGrpcServer>, clock: VirtualClock): void {
  const pipe = new DirectPipe(clock)
  server.accept(pipe)
  pipe.feed(honest.slice())
  settle(clock)
  const listener = new Listener()
  for (const bytes of pipe.written) listener.hear(bytes)
  mustHold(
    listener.data.get(1)?.[0]?.length === 8 && listener.words[0] === 'status 0',
    'an honest client is not served',
  )
  pipe.destroy()
  settle(clock)
}

function seeds(): readonly Uint8Array[] {
  const head = [0, 0]
  const call = (path: string, id: number, flags: number = END_STREAM): Uint8Array =>
    concat(frame(HEADERS, END_HEADERS, id, block(requestPairs(path))), frame(DATA, flags, id, message([9, 9, 9])))
  const get = block([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/version'],
  ])
  const echoBlock = block(requestPairs('/fuzz.F/Echo'))
  return [
    concat(head, call('/fuzz.F/Echo', 1), call('/fuzz.F/Chat', 3, 0), call('/fuzz.F/Big', 5), call('/fuzz.F/Wait', 7)),
    concat(head, call('/fuzz.F/Chat', 1, 0), frame(DATA, 0, 1, message([1])), frame(DATA, END_STREAM, 1)),
    concat(head, frame(HEADERS, END_HEADERS | END_STREAM, 1, get)),
    concat(
      head,
      frame(HEADERS, 0, 1, echoBlock.subarray(0, 9)),
      frame(CONTINUATION, END_HEADERS, 1, echoBlock.subarray(9)),
    ),
    concat(head, ...http2Dictionary),
    concat([1, 3], greeting, call('/fuzz.F/Echo', 1)),
  ]
}

/** Any bytes to a server: it answers in HTTP/2, keeps little, and serves others. */
export const serverFrames: FuzzTarget = {
  name: 'frames',
  maxBytes: 4_096,
  dictionary: http2Dictionary,
  seeds,
  run,
  mutate: (input, random) => mutateFrames(input, HEAD_BYTES, random),
}
