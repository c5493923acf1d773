import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeNet } from '@kvs/net'
import { type PeerPort, servePeers } from '../src/node.ts'
import { Cluster, clusterId, type TestMember } from '../src/testing/world.ts'
import { DriverWorld, silentLogger } from './worlds.ts'

/** Headers of a member of the same cluster. */
export const memberHeaders: Readonly<Record<string, string>> = {
  'X-Server-From': '1',
  'X-Server-Version': '3.7.1',
  'X-Min-Cluster-Version': '3.0.0',
  'X-Etcd-Cluster-ID': clusterId.toString(16),
}

export const upgradeHeaders: Readonly<Record<string, string>> = {
  ...memberHeaders,
  'X-Raft-To': '2',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'kvs.raft.v1',
}

/** A request as bytes. */
export function requestText(
  line: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string = '',
): Uint8Array {
  const length = body.length === 0 ? {} : { 'Content-Length': String(body.length) }
  const fields = Object.entries({ Host: 'x', ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${fields.join('')}\r\n`), Buffer.from(body)])
}

/** A connection to a member, byte by byte. */
export class RawPeer {
  readonly socket: Socket
  received: Buffer = Buffer.alloc(0)
  isClosed = false

  constructor(member: TestMember) {
    const { hostname, port } = new URL(member.place.url)
    this.socket = connect({ host: hostname, port: Number(port) })
    this.socket.on('data', chunk => {
      this.received = Buffer.concat([this.received, chunk])
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isClosed = true
    })
  }

  send(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  get text(): string {
    return this.received.toString('latin1')
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let i = 0; i < 2000; i++) {
      if (holds()) return
      await sleep(3)
    }
    throw new Error(`waited too long for ${what}; there is: ${this.text.slice(0, 500)}`)
  }
}

/** Sends one request and takes the whole answer. */
export async function ask(member: TestMember, request: Uint8Array): Promise<{ status: number; text: string }> {
  const peer = new RawPeer(member)
  peer.send(request)
  const isWhole = (): boolean => {
    const [head = '', ...body] = peer.text.split('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(head)?.[1]
    const isBodyless = / 204 /.test(head)
    return peer.text.includes('\r\n\r\n') && (isBodyless || body.join('\r\n\r\n').length >= Number(length))
  }
  await peer.until('an answer', isWhole)
  peer.socket.destroy()
  return { status: Number(peer.text.slice(9, 12)), text: peer.text }
}

/** Member 2 of a cluster on real sockets, and what a test needs beside it. */
export class Bench {
  readonly cluster: Cluster
  readonly #extra: (() => Promise<void> | void)[] = []

  constructor() {
    this.cluster = new Cluster(new DriverWorld())
  }

  /** Serves whatever `endpoint` says under a URL of its own. */
  async fakePeer(
    endpoint: Parameters<typeof servePeers>[0]['endpoint'],
    readTimeoutMs?: number,
  ): Promise<{ url: string; port: PeerPort }> {
    const port = servePeers({
      endpoint,
      logger: silentLogger,
      ...(readTimeoutMs === undefined ? {} : { readTimeoutMs }),
    })
    const listener = await nodeNet().listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => port.accept(pipe))
    this.#extra.push(
      () => port.close(),
      async () => listener.close(),
    )
    const { address } = listener
    return { url: `http://127.0.0.1:${address.kind === 'tcp' ? address.port : 0}`, port }
  }

  async end(): Promise<void> {
    await this.cluster.end()
    for (const close of this.#extra) await close()
  }
}
