import { type Dial, nodeNet, parseAddress, type TlsClient } from '@kvs/net'
import { nodeWire, sha256 } from '@kvs/rafthttp/node'
import type { PeerParts } from '../parts.ts'
import { type ListenTls, openPeerTls, type TlsPlace } from './tls.ts'

/**
 * The way to other members: plain or encrypted as their URLs say. Members show one another the certificate that they
 * serve with.
 */
export function openPeerWire(tls: ListenTls, place: TlsPlace): Pick<PeerParts, 'wire' | 'makeHash'> {
  const net = nodeNet()
  const plain: Dial = (address, options) => net.dial(address, options)
  let client: Promise<TlsClient> | undefined
  const encrypted: Dial = async (address, options) => {
    client ??= openPeerTls(tls, place)
    return (await client).dial(plain)(address, options)
  }
  const wire = nodeWire({
    dial: (url, options) => {
      const { address, encrypted: isEncrypted } = parseAddress(url)
      return isEncrypted ? encrypted(address, options) : plain(address, options)
    },
  })
  return { wire, makeHash: sha256 }
}
