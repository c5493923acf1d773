/**
 * gRPC over any byte pipe: server and client from one HTTP/2 core, without sockets, timers or promises of its own.
 *
 * A server is a table of methods. Handlers get bytes and answer through the call, at once or later; pipes are handed to
 * `accept`. Outgoing bytes leave at the end of each chunk that was read, with `flush()`, or at the latest in the next turn
 * of the clock.
 *
 * ```ts
 * const server = createGrpcServer({
 *   clock,
 *   methods: [['/echo.Echo/Say', { kind: 'unary', handle: (call, body, start, end) => call.reply(body, start, end) }]],
 * })
 * listen(address, pipe => server.accept(pipe))
 * ```
 *
 * `otherMethods: forwardCalls({ clock, target })` makes a proxy of it. `onOtherRequest` gets HTTP/2 requests that are not gRPC.
 *
 * The caller's duties: every unary call is answered exactly once (`reply` or `fail`); bytes given to a handler are copied
 * if they are needed after it returns; `close` is awaited before the process ends.
 */

export { type CallCounters, type CallEnd, type CallObserver, newCallCounters } from './call-stats.ts'
export {
  type CallOptions,
  type ChannelState,
  createGrpcChannel,
  type GrpcChannel,
  type GrpcChannelEvents,
  type GrpcChannelOptions,
  type UnaryAnswer,
} from './channel.ts'
export type { CallSignal, ClientCall, ClientStream, ClientStreamEvents, UnaryCallback } from './client-call.ts'
export type { Compressor } from './compressor.ts'
export { GrpcError, statusName } from './errors.ts'
export { type ForwardOptions, forwardCalls } from './forward.ts'
export type { HttpEvents, HttpExchange } from './http-exchange.ts'
export type { Http2Usage } from './http2/connection.ts'
export { Http2Error } from './http2/errors.ts'
export type { HeaderPair } from './http2/header-field.ts'
export type { KeepaliveOptions } from './http2/keepalive.ts'
export { defaultHttp2Limits, type Http2Limits } from './http2/limits.ts'
export { defaultGrpcLimits, type GrpcLimits } from './limits.ts'
export type { Clock } from './ports.ts'
export { createGrpcServer, type GrpcServer, type GrpcServerCounters, type GrpcServerOptions } from './server.ts'
export type {
  MethodHandler,
  ServerCall,
  StreamCall,
  StreamEvents,
  StreamMethod,
  UnaryCall,
  UnaryMethod,
} from './service.ts'
export { type Metadata, type MetadataInit, type Status, StatusCode } from './status.ts'
