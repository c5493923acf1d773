import { type Clock, createGrpcChannel, type GrpcChannel, type GrpcError, type KeepaliveOptions } from '@kvs/grpc'
import type { Pipe } from '@kvs/net'
import type { Endpoint } from './endpoints.ts'
import { keepaliveDefault, receiveBytesMax } from './limits.ts'
import type {
  CallHandle,
  CallOutcome,
  Channel,
  StreamCallInit,
  StreamHandle,
  StreamReceiver,
  Transport,
  UnaryCallInit,
  UnaryReceiver,
} from './ports.ts'

export interface GrpcTransportOptions {
  readonly clock: Clock
  /** Opens a pipe to a server, encrypted if the endpoint asks for it. */
  readonly dial: (endpoint: Endpoint, signal: AbortSignal) => Promise<Pipe>
  /** Whether endpoints without a scheme are encrypted. */
  readonly tlsConfigured?: boolean | undefined
  /** Pings to a silent server, so that a dead one is noticed. */
  readonly keepalive?: KeepaliveOptions | undefined
  readonly maxReceiveBytes?: number | undefined
}

const success: CallOutcome = { code: 0, message: '', unprocessed: false }

/** Connections that speak gRPC over pipes. */
export function grpcTransport(options: GrpcTransportOptions): Transport {
  return {
    connect: async (endpoint, { timeoutMs, onRetire, onClose }) => {
      const { clock, keepalive = keepaliveDefault, maxReceiveBytes = receiveBytesMax } = options
      const abort = new AbortController()
      const secure = endpoint.security === 'tls' || (endpoint.security === 'configured' && options.tlsConfigured)
      const channel = createGrpcChannel({
        clock,
        dial: () => options.dial(endpoint, abort.signal),
        authority: endpoint.authority,
        scheme: secure === true ? 'https' : 'http',
        userAgent: 'kvs-client',
        limits: { maxReceiveBytes, maxPartialBytes: maxReceiveBytes },
        keepalive,
        events: { goaway: onRetire, closed: onClose },
      })
      await connectWithin(channel, { clock, timeoutMs, abort })
      return new GrpcPortChannel(channel)
    },
  }
}

/** Waits until the server has answered; a connection that takes longer is dropped. */
function connectWithin(
  channel: GrpcChannel,
  { clock, timeoutMs, abort }: { readonly clock: Clock; readonly timeoutMs: number; readonly abort: AbortController },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      const late = new Error('the server did not answer in time')
      reject(late)
      abort.abort(late)
      void channel.close()
    })
    channel
      .connect()
      .then(resolve, reject)
      .finally(() => clock.clearTimer(timer))
  })
}

class GrpcPortChannel implements Channel {
  readonly #channel: GrpcChannel

  constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  unary({ path, metadata, request, timeoutMs }: UnaryCallInit, receiver: UnaryReceiver): CallHandle {
    let silent = false
    const options = timeoutMs === undefined ? { metadata } : { metadata, timeoutMs }
    const call = this.#channel.unary(path, request, options, (error, body, start, end) => {
      if (silent) return
      // One copy per answer: what is decoded from it are views, and they must outlive the chunk.
      if (error === undefined) receiver.done(success, copy(body, start, end))
      else receiver.done(outcomeOf(error), undefined)
    })
    return {
      cancel: () => {
        silent = true
        call.cancel()
      },
    }
  }

  stream({ path, metadata }: StreamCallInit, receiver: StreamReceiver): StreamHandle {
    let silent = false
    const stream = this.#channel.stream(
      path,
      {
        message: (body, start, end) => {
          if (!silent) receiver.message(copy(body, start, end))
        },
        drain: () => {
          if (!silent) receiver.drain()
        },
        end: error => {
          if (!silent) receiver.end(error === undefined ? success : outcomeOf(error))
        },
      },
      { metadata },
    )
    return {
      send: bytes => stream.send(bytes, 0, bytes.length),
      halfClose: () => stream.halfClose(),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      cancel: () => {
        silent = true
        stream.cancel()
      },
    }
  }

  close(): void {
    void this.#channel.close()
  }
}

/** Not `slice`: chunks of sockets are Buffers, whose slices are views. */
function copy(body: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(body.subarray(start, end))
}

function outcomeOf(error: GrpcError): CallOutcome {
  return { code: error.code, message: error.message, unprocessed: error.notProcessed }
}
