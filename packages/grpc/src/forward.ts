import type { GrpcChannel } from './channel.ts'
import type { ClientStream } from './client-call.ts'
import type { GrpcError } from './errors.ts'
import { carriable } from './metadata.ts'
import type { Clock } from './ports.ts'
import type { StreamCall, StreamEvents, StreamMethod } from './service.ts'
import { type Metadata, type MetadataInit, type Status, StatusCode } from './status.ts'

export interface ForwardOptions {
  /** The clock of the server: a call's deadline goes with it. */
  readonly clock: Clock
  /** Where a call goes: a channel, or the status it fails with. */
  readonly target: (call: StreamCall) => GrpcChannel | Status
  /** What of the request's metadata goes with the call; default: all of it but `user-agent`. */
  readonly metadata?: (call: StreamCall) => MetadataInit
}

/**
 * A handler that passes calls on to a server and its answers back, with metadata, deadline, cancellation and status. Messages
 * are not decoded, and never more of them are kept than the limits of one stream allow: a slow reader at one end holds back
 * the writer at the other.
 */
export function forwardCalls(options: ForwardOptions): StreamMethod {
  return { kind: 'stream', open: call => openForwarded(call, options) }
}

const ignored: StreamEvents = { message() {}, halfClose() {}, drain() {}, cancel() {} }

function openForwarded(call: StreamCall, options: ForwardOptions): StreamEvents {
  const target = options.target(call)
  if ('code' in target) {
    call.finish(target)
    return ignored
  }
  const { deadlineMs } = call
  const metadata = options.metadata?.(call) ?? passedOn(call.metadata)
  const timeoutMs = deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - options.clock.now())
  const stream: ClientStream = target.stream(
    call.path,
    {
      headers(headers) {
        call.setHeaders(carriable(headers.entries()))
        call.sendHeaders()
      },
      message(body, start, end) {
        if (!call.send(body, start, end)) stream.pause()
      },
      drain: () => call.resume(),
      end: (error, trailers) => call.finish(statusOf(error, trailers)),
    },
    timeoutMs === undefined ? { metadata } : { metadata, timeoutMs },
  )
  return {
    message(body, start, end) {
      if (!stream.send(body, start, end)) call.pause()
    },
    halfClose: () => stream.halfClose(),
    drain: () => stream.resume(),
    cancel: () => stream.cancel(),
  }
}

function passedOn(metadata: Metadata): MetadataInit {
  return carriable(metadata.entries()).filter(([name]) => name !== 'user-agent')
}

function statusOf(error: GrpcError | undefined, trailers: Metadata): Status {
  const end = { trailers: carriable(trailers.entries()) }
  if (error === undefined) return { code: StatusCode.OK, message: '', ...end }
  return { code: error.code, message: error.message, ...end }
}
