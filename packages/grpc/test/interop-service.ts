import { createGrpcServer, type GrpcServer, StatusCode } from '../src/index.ts'
import { gzip } from './gzip.ts'
import { nodeClock } from './node-world.ts'

/** Largest message of the interop tests, with room. */
export const INTEROP_LIMIT_BYTES = 8_000_000

/** What happened to calls of `Hang` and `Chat`. */
export interface InteropLog {
  readonly cancelled: number[]
  halfClosed: number
}

/**
 * The service that other implementations are tried against. Messages are plain bytes.
 * `Echo`: unary; request metadata whose names begin with `x-echo` come back as headers. `Fail`: NOT_FOUND with details. `Collect`: client stream, answers with the total length.
 * `Count`: server stream of as many messages as the request is long. `Chat`: both, echoes. `Hang`: unary, no answer.
 */
export function interopServer(log: InteropLog): GrpcServer {
  return createGrpcServer({
    clock: nodeClock,
    limits: { maxReceiveBytes: INTEROP_LIMIT_BYTES },
    compressors: [gzip],
    methods: [
      [
        '/interop.Test/Echo',
        {
          kind: 'unary',
          handle(call, body, start, end) {
            call.setHeaders(call.metadata.entries().filter(([name]) => name.startsWith('x-echo')))
            const copy = body.slice(start, end)
            setImmediate(() => call.reply(copy, 0, copy.length))
          },
        },
      ],
      [
        '/interop.Test/Fail',
        {
          kind: 'stream',
          open(call) {
            call.finish({
              code: StatusCode.NOT_FOUND,
              message: 'nichts: 100 % ñ 鍵',
              details: Uint8Array.of(1, 2, 3),
              trailers: [
                ['x-trailer', 'tail'],
                ['x-trailer-bin', Uint8Array.of(0, 255)],
              ],
            })
            return { message() {}, halfClose() {}, drain() {}, cancel() {} }
          },
        },
      ],
      [
        '/interop.Test/Collect',
        {
          kind: 'stream',
          open(call) {
            let total = 0
            return {
              message(_body, start, end) {
                total += end - start
              },
              halfClose() {
                const answer = Uint8Array.from(Buffer.from(String(total)))
                call.send(answer, 0, answer.length)
                call.finish()
              },
              drain() {},
              cancel() {},
            }
          },
        },
      ],
      [
        '/interop.Test/Count',
        {
          kind: 'stream',
          open(call) {
            let left = -1
            let sent = 0
            const more = (): void => {
              for (; left > 0 && !call.ended; left--) {
                const message = Uint8Array.from(Buffer.from(String(sent++)))
                if (!call.send(message, 0, message.length)) {
                  left--
                  return
                }
              }
              if (left === 0) call.finish()
            }
            return {
              message(_body, start, end) {
                left = end - start
                more()
              },
              halfClose() {},
              drain: more,
              cancel() {},
            }
          },
        },
      ],
      [
        '/interop.Test/Chat',
        {
          kind: 'stream',
          open: call => ({
            message: (body, start, end) => void call.send(body, start, end),
            halfClose() {
              log.halfClosed++
              call.finish()
            },
            drain() {},
            cancel: code => void log.cancelled.push(code),
          }),
        },
      ],
      [
        '/interop.Test/Hang',
        {
          kind: 'unary',
          handle(call) {
            call.onCancel = code => void log.cancelled.push(code)
          },
        },
      ],
    ],
  })
}
