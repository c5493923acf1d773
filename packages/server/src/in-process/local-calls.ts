import { type CallObserver, GrpcError, type MethodHandler, newCallCounters, StatusCode } from '@kvs/grpc'
import type { Clock } from '../parts.ts'
import type { Caller, CallPlace } from './call.ts'
import { type LocalStream, LocalStreamCall, refusedStream } from './stream-call.ts'
import { LocalUnaryCall } from './unary-call.ts'

export interface LocalCallsParts {
  readonly methods: ReadonlyMap<string, MethodHandler>
  readonly clock: Clock
  /** Counts the calls, if they are to be. */
  readonly observer?: CallObserver
  /** A handler threw: a fault of ours. */
  readonly onHandlerError: (error: unknown) => void
}

/**
 * Calls of the member's own methods from within the process: the same handlers that gRPC calls, hence the same checks,
 * texts and codes, without a connection.
 */
export class LocalCalls {
  readonly #methods: ReadonlyMap<string, MethodHandler>
  readonly #clock: Clock
  readonly #observer: CallObserver | undefined
  readonly #onHandlerError: (error: unknown) => void

  constructor(parts: LocalCallsParts) {
    this.#methods = parts.methods
    this.#clock = parts.clock
    this.#observer = parts.observer
    this.#onHandlerError = parts.onHandlerError
  }

  /** The answer, in pieces that nobody may change. Rejects with `GrpcError`. `request` must not change until then. */
  unary(path: string, request: Uint8Array, caller: Caller): Promise<readonly Uint8Array[]> {
    const method = this.#methods.get(path)
    if (method?.kind !== 'unary') return Promise.reject(unknownMethod(path))
    const call = new LocalUnaryCall(this.#place(path, caller), caller)
    call.run(method, request)
    return call.answer
  }

  stream(path: string, caller: Caller): LocalStream {
    const method = this.#methods.get(path)
    const { code, message } = unknownMethod(path)
    if (method?.kind !== 'stream') return refusedStream(code, message)
    const call = new LocalStreamCall(this.#place(path, caller), caller)
    call.open(method)
    return call
  }

  #place(path: string, { metadata }: Caller): CallPlace {
    const observer = this.#observer
    return {
      path,
      clock: this.#clock,
      counters: observer?.countersOf(path, metadata) ?? newCallCounters(),
      ended: (call, end) => observer?.ended?.(call, end),
      onHandlerError: this.#onHandlerError,
    }
  }
}

function unknownMethod(path: string): GrpcError {
  const [, service = '', method = ''] = path.split('/')
  return new GrpcError(StatusCode.UNIMPLEMENTED, `unknown method ${method} for service ${service}`)
}
