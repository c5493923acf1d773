/**
 * The real wire: WebSockets by `ws` and HTTP by node:http, on byte pipes of `@kvs/net` or of any other maker. TLS comes with
 * the pipes: `dial` gives an encrypted one where a URL says `https`, and what `accept` is given may be encrypted.
 *
 * ```ts
 * const net = nodeNet()
 * const wire = nodeWire({ dial: (url, options) => net.dial(parseAddress(url).address, options) })
 * const transport = createTransport({ wire, makeHash: sha256, ... })
 * const port = servePeers({ endpoint: peerEndpoint({ transport, services, clock, logger }), logger })
 * const listener = await net.listen(parseAddress('http://127.0.0.1:2380').address, pipe => port.accept(pipe))
 * ```
 */
export { nodeWire, sha256 } from './node/node-wire.ts'
export { type PeerPort, type PeerPortOptions, servePeers } from './node/peer-port.ts'
export type { DialPeer } from './node/pipe-agent.ts'
