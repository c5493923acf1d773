/**
 * Byte pipes: ordered, reliable streams of bytes, whatever carries them, and the ways to listen for them and to dial.
 *
 * - `nodeNet()`: TCP and unix sockets. `memoryNet()`: a network in memory whose scheduler decides when bytes arrive, in what
 *   pieces, and which connections break. `memoryPipePair()`: just two ends.
 * - `createTlsServer(options)`, `createTlsClient(options)`: encrypted pipes over those of `nodeNet`, certificates read again
 *   when they change, etcd's rules about who may connect. `selfSignedFiles`: the certificate of `--auto-tls`.
 * - `webSocketUpgrade(options)`, `webSocketDial(dial, options)`: pipes over WebSockets. `webSocketMessages(options)`: WebSockets
 *   whose messages mean something one by one.
 * - `parseAddress('https://host:2379')`: etcd's URLs as addresses.
 * - `sniff(pipe, table)`: what does this connection speak? `http2Preface`, `http1Request` and `tlsClientHello` tell.
 * - `toDuplex`, `takeSocket`: a pipe as a stream of Node, for `node:http`.
 * - `limitConnections(listen, max)`: a cap on open connections.
 *
 * What the caller must do: call `start` once; never change bytes after `write`; wait for `drain` after `write` returned
 * false; call `end` or `destroy` on every pipe, also after `end` came from the other side, or the pipe stays half open.
 *
 * ```ts
 * const { listen, dial } = nodeNet()
 * const listener = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => {
 *   pipe.start({ data: chunk => pipe.write(chunk), drain() {}, end: () => pipe.end(), close() {} })
 * })
 * const pipe = await dial(listener.address)
 * ```
 */

export { formatAddress, formatHostPort, type ParsedAddress, parseAddress } from './address.ts'
export { takeSocket, toDuplex } from './duplex.ts'
export { NetError, type NetErrorCode } from './errors.ts'
export { type LimitOptions, limitConnections } from './limit-connections.ts'
export { http1Request, http2Preface, tlsClientHello } from './matchers.ts'
export { type MemoryConnection, type MemoryNet, memoryNet } from './memory-net.ts'
export {
  type Delivery,
  type MemoryPipeOptions,
  memoryPipePair,
  type ScheduleDelivery,
} from './memory-pipe.ts'
export { type Net, type NodeNetOptions, nodeNet } from './node-net.ts'
export type { Dial, Listen, Listener, Pipe, PipeAddress, PipeEvents, PipeInfo, PipeTlsInfo } from './pipe.ts'
export { type SniffClock, type SniffEntry, type Sniffed, type SniffOptions, type SniffVerdict, sniff } from './sniff.ts'
export { parseTlsVersion, type TlsVersion } from './tls/cipher-suites.ts'
export type {
  CertificateFiles,
  HandshakeLimits,
  TlsClientOptions,
  TlsOptions,
  TlsRejection,
  TlsServerOptions,
  TlsWarning,
} from './tls/options.ts'
export type { NameService } from './tls/san-check.ts'
export { type SelfSignedOptions, selfSignedCertificate, selfSignedFiles } from './tls/self-signed.ts'
export { createTlsClient, type TlsClient } from './tls/tls-client.ts'
export { createTlsServer, type TlsServer } from './tls/tls-server.ts'
export { type WebSocketDialOptions, webSocketDial } from './websocket-client.ts'
export {
  type MessageSocket,
  type UpgradeToMessages,
  type WebSocketMessagesOptions,
  webSocketMessages,
} from './websocket-messages.ts'
export {
  GRPC_SUBPROTOCOL,
  type UpgradeToPipe,
  type WebSocketUpgradeOptions,
  webSocketUpgrade,
} from './websocket-server.ts'
