import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeMessage, MessageType } from '@kvs/proto/raft'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Link, PeerEndpoint, PeerResponse } from '../src/index.ts'
import { append, heartbeat, snapshotMessage, type TestMember } from '../src/testing/world.ts'
import { ask, Bench, memberHeaders, RawPeer, requestText, upgradeHeaders } from './raw-peer.ts'

let bench: Bench
let member: TestMember

beforeEach(async () => {
  bench = new Bench()
  member = await bench.cluster.member(2n)
})

afterEach(() => bench.end())

const post = (path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>> = memberHeaders) =>
  ask(member, requestText(`POST ${path}`, headers, body))
const get = (path: string, headers: Readonly<Record<string, string>> = memberHeaders) =>
  ask(member, requestText(`GET ${path}`, headers))

/** It still answers, and takes messages. */
async function stillServes(): Promise<void> {
  const before = member.received.length
  expect((await post('/raft', encodeMessage(heartbeat(1n, 2n, 1)))).status).toBe(204)
  expect(member.received.length).toBe(before + 1)
}

describe('what is no request', () => {
  test.each([
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256))],
    ['TLS', Buffer.from('16030100f8010000f40303', 'hex')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['headers without an end', Buffer.from(`GET /version HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`)],
  ])('%s is answered with 400 and the connection closed', async (_name, bytes) => {
    const peer = new RawPeer(member)
    peer.send(bytes)
    await peer.until('the end', () => peer.isClosed)
    expect(peer.text).toMatch(/^HTTP\/1.1 400 Bad Request|^$/)
    await stillServes()
  })

  test('silence is not waited for', async () => {
    const { port, url } = await bench.fakePeer(member.endpoint, 100)
    const silent = new RawPeer({ place: { url } } as TestMember)
    const slow = new RawPeer({ place: { url } } as TestMember)
    const drip = setInterval(() => slow.send('X'), 20)
    slow.send('GET /version HTTP/1.1\r\nY: ')
    await silent.until('the end', () => silent.isClosed && slow.isClosed)
    clearInterval(drip)
    port.close()
  })
})

describe('requests', () => {
  test('unknown paths and wrong methods', async () => {
    expect((await get('/nothing')).text).toContain('404 page not found\n')
    expect((await get('/raft/nothing')).status).toBe(404)
    for (const [path, allowed] of [
      ['/raft', 'POST'],
      ['/raft/snapshot', 'POST'],
      ['/leases', 'POST'],
      ['/leases/internal', 'POST'],
      ['/members/promote/5', 'POST'],
    ]) {
      const { status, text } = await get(path as string)
      expect([status, text.includes(`Allow: ${allowed}\r\n`)]).toEqual([405, true])
      expect(text).toContain('Method Not Allowed\n')
    }
    for (const path of ['/members', '/members/hashkv', '/version', '/downgrade/enabled', '/raft/probing']) {
      const { status, text } = await post(path, '')
      expect([status, text.includes('Allow: GET\r\n')]).toEqual([405, true])
    }
    expect((await post('/raft/stream/message/1', '')).status).toBe(405)
  })

  test('of another cluster or version, or without saying', async () => {
    const other = { ...memberHeaders, 'X-Etcd-Cluster-ID': '77' }
    const old = { ...memberHeaders, 'X-Server-Version': '2.3.8' }
    const broken = { ...memberHeaders, 'X-Server-Version': 'three' }
    const body = encodeMessage(heartbeat(1n, 2n, 1))
    const refusal = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const answer = await post('/raft', body, headers)
      expect(answer.status).toBe(412)
      return answer.text.split('\r\n\r\n')[1] ?? ''
    }
    expect(await refusal(other)).toBe('cluster ID mismatch\n')
    expect(await refusal(old)).toBe('incompatible version\n')
    expect(await refusal(broken)).toBe('incompatible version\n')
    expect(await refusal({})).toBe('incompatible version\n')
    expect((await post('/raft/snapshot', body, other)).text).toContain('cluster ID mismatch\n')
    expect((await get('/raft/stream/message/1', other)).text).toContain('cluster ID mismatch\n')
    expect(member.received.length).toBe(0)
    await stillServes()
  })

  test('a message that is none, for somebody else, of a removed member, or that cannot be taken', async () => {
    member.banned.add(9n)
    expect((await post('/raft', 'garbage')).text).toMatch(/ 400 [\s\S]*error unmarshalling raft message\n/)
    const wrong = await post('/raft', encodeMessage(heartbeat(1n, 3n, 1)))
    expect(wrong.text).toMatch(/ 500 [\s\S]*Connection: close[\s\S]*error processing raft message\n/)
    const banned = await post('/raft', encodeMessage(heartbeat(9n, 2n, 1)))
    expect(banned.text).toMatch(/ 403 [\s\S]*{"message":"cannot process message from removed member"}\n/)
    member.refusal = new Error('not now')
    const late = await post('/raft', encodeMessage(heartbeat(1n, 2n, 1)))
    expect(late.text).toMatch(/ 500 [\s\S]*error processing raft message\n/)
    member.refusal = undefined
    await stillServes()
  })

  test('a refusal reaches a sender that is still sending', async () => {
    const other = { ...memberHeaders, 'X-Etcd-Cluster-ID': '77' }
    for (let i = 0; i < 10; i++) {
      const peer = new RawPeer(member)
      peer.send(requestText('POST /raft/snapshot', other, new Uint8Array(8_000_000)))
      // Reads late: what was reset until then is gone.
      peer.socket.pause()
      await sleep(30)
      peer.socket.resume()
      await peer.until('the answer', () => peer.text.endsWith('cluster ID mismatch\n') || peer.isClosed)
      expect(peer.text).toMatch(/ 412 [\s\S]*Connection: close[\s\S]*cluster ID mismatch\n/)
      peer.socket.destroy()
    }
  })

  test('a member that has stopped takes nothing', async () => {
    member.transport.stop()
    const body = encodeMessage(heartbeat(1n, 2n, 1))
    expect((await post('/raft', body)).text).toMatch(/ 500 [\s\S]*error processing raft message\n/)
    const snapshot = new Uint8Array(8 + encodeMessage(snapshotMessage(1n, 2n)).length)
    snapshot.set(encodeMessage(snapshotMessage(1n, 2n)), 8)
    new DataView(snapshot.buffer).setBigUint64(0, BigInt(snapshot.length - 8))
    const headers = { ...memberHeaders, 'X-Kvs-Snapshot-Format': 'plain', 'X-Kvs-Snapshot-Size': '0' }
    expect((await post('/raft/snapshot', snapshot, headers)).text).toContain('failed to save KV snapshot (stopped)')
    expect([member.received.length, member.saved.length]).toEqual([0, 0])
  })

  test('bodies of services have a limit', async () => {
    const large = await post('/leases', new Uint8Array(65_537))
    expect(large.text).toMatch(/ 413 [\s\S]*http: request body too large\n/)
    expect((await post('/leases', 'garbage')).text).toMatch(/ 400 [\s\S]*error unmarshalling request\n/)
    expect((await post('/leases/internal', '')).text).toMatch(/ 400 [\s\S]*error unmarshalling request\n/)
    const hash = await ask(member, requestText('GET /members/hashkv', memberHeaders, '[]'))
    expect(hash.text).toMatch(/ 400 [\s\S]*error unmarshalling request\n/)
    expect((await post('/members/promote/0x7', '')).text).toMatch(/ 404 [\s\S]*member 0x7 not found in cluster\n/)
    expect((await post('/members/promote/18446744073709551616', '')).status).toBe(404)
    await stillServes()
  })

  test('an upgrade to something else is ignored', async () => {
    const headers = {
      ...memberHeaders,
      Connection: 'Upgrade, HTTP2-Settings',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABk',
    }
    expect((await get('/version', headers)).text).toMatch(/ 200 [\s\S]*"etcdserver":"3.7.1"/)
  })
})

describe('streams', () => {
  const refusal = async (path: string, headers: Readonly<Record<string, string>> = upgradeHeaders): Promise<string> => {
    const { text } = await get(path, headers)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    expect(head).toContain('X-Server-Version: 3.7.1')
    return `${head.slice(9, 12)} ${body}`
  }

  test('are refused as etcd refuses them', async () => {
    member.banned.add(9n)
    expect(await refusal('/raft/stream/other/1')).toBe('404 invalid path\n')
    expect(await refusal('/raft/stream/message/1/2')).toBe('404 invalid path\n')
    expect(await refusal('/raft/stream/message/xyz')).toBe('404 invalid from\n')
    expect(await refusal('/raft/stream/message/9')).toBe('410 removed member\n')
    expect(await refusal('/raft/stream/message/1')).toBe('404 error sender not found\n')
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    expect(await refusal('/raft/stream/message/1', { ...upgradeHeaders, 'X-Raft-To': '3' })).toBe(
      '412 to field mismatch\n',
    )
    expect(await refusal('/raft/stream/msgapp/1', { ...upgradeHeaders, 'X-Etcd-Cluster-ID': '3' })).toBe(
      '412 cluster ID mismatch\n',
    )
  })

  test('as Go asks for them say what is missing', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    const plain = { ...memberHeaders, 'X-Raft-To': '2' }
    const text = '426 this member sends raft streams over WebSocket only: Upgrade: websocket, subprotocol kvs.raft.v1\n'
    expect(await refusal('/raft/stream/message/1', plain)).toBe(text)
    expect(await refusal('/raft/stream/msgapp/1', { ...upgradeHeaders, 'Sec-WebSocket-Protocol': 'v2' })).toBe(text)
    expect((await get('/elsewhere', upgradeHeaders)).status).toBe(404)
  })

  test('who writes to a stream that it reads is cut off', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    for (const frame of [
      Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7]),
      // A text message; then one longer than a listener may send.
      Buffer.from([0x81, 0x81, 0, 0, 0, 0, 7]),
      Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      // Not masked, as a client's must be.
      Buffer.from([0x82, 0x01, 7]),
    ]) {
      const peer = new RawPeer(member)
      peer.send(requestText('GET /raft/stream/message/1', upgradeHeaders))
      await peer.until('the upgrade', () => peer.text.includes('101 Switching'))
      const attached = (): boolean => member.transport.state.peers[0]?.attached.messages === true
      await peer.until('the stream', attached)
      peer.send(frame)
      await peer.until('the end', () => peer.isClosed && !attached())
    }
    expect(member.received.length).toBe(0)
  })

  test('a newer stream takes the place of the older one', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    const [first, second] = [new RawPeer(member), new RawPeer(member)]
    first.send(requestText('GET /raft/stream/message/1', upgradeHeaders))
    await first.until('the upgrade', () => member.transport.state.peers[0]?.attached.messages === true)
    second.send(requestText('GET /raft/stream/message/1', upgradeHeaders))
    // 0x88: the closing frame of a WebSocket.
    await first.until('the goodbye', () => first.received.includes(Buffer.from([0x88, 0x02, 0x03, 0xe8])))
    expect(member.hasLogged('closed TCP streaming connection with remote peer')).toBe(true)
    member.send(heartbeat(2n, 1n, 5))
    const frame = Buffer.from(encodeMessage(heartbeat(2n, 1n, 5)))
    await second.until('the message', () => second.received.includes(frame))
    first.socket.destroy()
    second.socket.destroy()
  })
})

describe('a peer that', () => {
  /** Answers every stream with `use`, and nothing else. */
  const fake = (use: (link: Link) => void): PeerEndpoint => ({
    handle: (): PeerResponse => ({ status: 500, headers: [], body: new Uint8Array(0) }),
    upgrade: (_request, [protocol = '']) => ({
      protocol,
      headers: [['X-Server-Version', '3.7.1']],
      frameBytesMax: 1024,
      accept: link => {
        link.start({ frame: () => undefined, sent: () => undefined, alive: () => undefined, close: () => undefined })
        use(link)
      },
    }),
  })

  test('sends frames that are none is left and dialed again', async () => {
    let links = 0
    const { url } = await bench.fakePeer(
      fake(link => {
        links++
        link.send(new Uint8Array([0, 0, 0, 9, 1, 2, 3]))
      }),
    )
    member.transport.addPeer(1n, [url])
    await bench.cluster.world.until('several attempts', () => links >= 6)
    expect(member.received.length).toBe(0)
    expect(member.transport.state.peers[0]?.traffic.receivedFailures).toBeGreaterThan(3)
    const line = member.log.find(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(line?.fields['error']).toBe('a message of 9 bytes at byte 0 goes beyond its frame of 7 bytes')
  })

  test('falls silent is left and dialed again', async () => {
    const held: Link[] = []
    const { url } = await bench.fakePeer(fake(link => held.push(link)))
    member.transport.addPeer(1n, [url])
    await bench.cluster.world.until('new attempts', () => held.length >= 4)
    const lost = member.log.filter(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(lost[0]?.fields['error']).toBe('i/o timeout: nothing came, not even a keepalive')
  })

  test('reads, but does not answer keepalives, is cut off', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    const peer = new RawPeer(member)
    peer.send(requestText('GET /raft/stream/message/1', upgradeHeaders))
    await peer.until('the stream', () => member.transport.state.peers[0]?.attached.messages === true)
    await peer.until('the end', () => peer.isClosed)
    const lost = member.log.find(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(lost?.fields['error']).toBe('peer 1 does not answer keepalives')
  })

  test('does not answer gives way to a new process of the same member', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    const attached = (): boolean => member.transport.state.peers[0]?.attached.messages === true
    const dial = (incarnation: string): RawPeer => {
      const peer = new RawPeer(member)
      peer.send(requestText('GET /raft/stream/message/1', { ...upgradeHeaders, 'X-Kvs-Incarnation': incarnation }))
      return peer
    }
    const old = dial('0a')
    await old.until('the stream', attached)
    const early = dial('0b')
    await early.until('the refusal', () => early.text.includes('409 Conflict'))
    expect(early.text).toContain('another process runs as this member')
    await old.until('its end', () => old.isClosed)
    const lost = member.log.find(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(lost?.fields['error']).toBe('no answer, and another process runs as this peer')
    const late = dial('0b')
    await late.until('the stream', attached)
    late.socket.destroy()
    early.socket.destroy()
  })

  test('is no member at all is not taken for one', async () => {
    const page: PeerResponse = { status: 503, headers: [], body: new TextEncoder().encode('<html>') }
    const { url } = await bench.fakePeer({ handle: () => page, upgrade: () => page })
    member.transport.addPeer(1n, [url])
    const inactive = (): boolean => member.log.some(({ message }) => message === 'peer deactivated again')
    await bench.cluster.world.until('a failure', inactive)
    const line = member.log.find(({ message }) => message === 'peer deactivated again')
    expect(line?.fields['error']).toBe('failed to dial 1 on stream MsgApp v2 (unhandled http status 503: <html>)')
    await bench.cluster.world.until('a failed probe', () => member.transport.state.peers[0]?.probe.error !== undefined)
    expect(member.transport.state.peers[0]?.probe.error).toContain('status 503, <html>')
  })

  test('never reads costs bounded memory, and is cut off', async () => {
    member.transport.addPeer(1n, ['http://127.0.0.1:1'])
    const peer = new RawPeer(member)
    peer.send(requestText('GET /raft/stream/msgapp/1', upgradeHeaders))
    await peer.until('the stream', () => member.transport.state.peers[0]?.attached.appends === true)
    peer.socket.pause()
    const message = append(2n, 1n, 1, [new Uint8Array(1_000_000)])
    const before = process.memoryUsage().arrayBuffers
    let sent = 0
    for (let i = 0; i < 200; i++) {
      member.send(message)
      sent++
      await sleep(0)
    }
    const grown = process.memoryUsage().arrayBuffers - before
    expect(grown).toBeLessThan(80_000_000)
    expect(member.unreachable).toContain(1n)
    expect(member.transport.state.peers[0]?.traffic.sentFailures).toBeGreaterThan(sent / 2)
    const drops = member.log.filter(
      line => line.message === 'dropped internal Raft message since sending buffer is full',
    )
    expect(drops[0]?.fields).toMatchObject({ 'message-type': 'MsgApp', 'remote-peer-name': 'streamMsgAppV2' })
    expect(drops.length).toBeLessThan(10)
    await peer.until('the end', () => member.transport.state.peers[0]?.attached.appends === false)
    const lost = member.log.find(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(lost?.fields['error']).toBe('i/o timeout: the peer does not read')
    peer.socket.destroy()
  })
})

describe('a snapshot', () => {
  const content = new Uint8Array(100_000).map((_, at) => at * 31)
  const head = (message: Uint8Array, length = message.length): Uint8Array => {
    const bytes = new Uint8Array(8 + message.length)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length))
    bytes.set(message, 8)
    return bytes
  }
  const good = head(encodeMessage(snapshotMessage(1n, 2n)))
  const sum = (...parts: Uint8Array[]): Uint8Array => {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const headers = (size: number): Readonly<Record<string, string>> => ({
    ...memberHeaders,
    'X-Kvs-Snapshot-Format': 'plain',
    'X-Kvs-Snapshot-Size': String(size),
  })
  const send = (...parts: Uint8Array[]) => post('/raft/snapshot', Buffer.concat(parts), headers(content.length))

  test('as it should be is taken', async () => {
    expect((await send(good, content, sum(good, content))).status).toBe(204)
    expect(member.saved[0]?.isComplete).toBe(true)
  })

  test('with a wrong checksum, or damaged anywhere, is refused', async () => {
    const right = Buffer.concat([good, content, sum(good, content)])
    const wrong = await send(good, content, sum(content))
    expect(wrong.text).toMatch(/ 500 [\s\S]*failed to save KV snapshot \(the checksum of the snapshot is wrong\)\n/)
    for (const at of [good.length, good.length + 5000, right.length - 33, right.length - 1]) {
      const damaged = Buffer.from(right)
      damaged[at] = (damaged[at] as number) ^ 1
      expect((await send(damaged)).status).toBe(500)
    }
    expect(member.saved.every(({ isComplete }) => !isComplete)).toBe(true)
    expect(member.received.length).toBe(0)
    await stillServes()
  })

  test('that is too short or too long is refused', async () => {
    const check = sum(good, content)
    expect((await send(good, content.subarray(1), check)).text).toContain('only 31 bytes behind the snapshot')
    expect((await send(good, content)).text).toContain('only 0 bytes behind the snapshot, expected a checksum of 32')
    expect((await send(good, content.subarray(0, 500))).text).toContain('unexpected EOF after 500 of 100000 bytes')
    expect((await send(good, content, check, check)).text).toContain('more bytes behind the snapshot')
    expect(member.received.length).toBe(0)
  })

  test('without a proper head is refused', async () => {
    const text = async (...parts: Uint8Array[]): Promise<string> => {
      const answer = await send(...parts)
      expect(answer.status).toBe(400)
      return answer.text.split('\r\n\r\n')[1] ?? ''
    }
    expect(await text(new Uint8Array(3))).toBe('failed to decode raft message (unexpected EOF)\n')
    expect(await text(head(new Uint8Array(3), 4))).toBe('failed to decode raft message (unexpected EOF)\n')
    expect(await text(head(new Uint8Array(0), 64 * 1024 * 1024 + 1))).toBe(
      'failed to decode raft message (error:read limit exceeded)\n',
    )
    expect(await text(head(new Uint8Array([0xff, 0xff])))).toMatch(/^failed to decode raft message \(proto: Message: /)
    expect(await text(head(encodeMessage(heartbeat(1n, 2n, 1))))).toBe('wrong raft message type\n')
    expect(await text(head(encodeMessage({ type: MessageType.MsgSnap, from: 1n, to: 2n })))).toBe(
      'wrong raft message type\n',
    )
    expect(member.saved.length).toBe(0)
  })

  test('for another member, of a removed one, in another format or without its size is refused', async () => {
    member.banned.add(9n)
    const to3 = await send(head(encodeMessage(snapshotMessage(1n, 3n))))
    expect(to3.text).toMatch(
      / 500 [\s\S]*failed to process raft message \(cannot process message to mismatch member\)\n/,
    )
    expect((await send(head(encodeMessage(snapshotMessage(9n, 2n))))).status).toBe(403)
    const etcd = await post('/raft/snapshot', good, memberHeaders)
    expect(etcd.text).toMatch(/ 415 [\s\S]*snapshot format "bbolt" is not taken here, but \[plain,odd\]\n/)
    const { 'X-Kvs-Snapshot-Size': _size, ...sizeless } = headers(5)
    expect((await post('/raft/snapshot', good, sizeless)).status).toBe(400)
    expect(member.saved.length).toBe(0)
  })

  test('that stops coming is given up', async () => {
    const peer = new RawPeer(member)
    const whole = requestText('POST /raft/snapshot', headers(content.length), Buffer.concat([good, content]))
    peer.send(whole.subarray(0, whole.length - 10))
    await peer.until('the answer', () => peer.text.includes('the body of the request does not come'))
    expect(member.saved[0]?.isComplete).toBe(false)
    await peer.until('the end', () => peer.isClosed)
  })

  test('that breaks off is dropped', async () => {
    const peer = new RawPeer(member)
    peer.send(
      requestText('POST /raft/snapshot', headers(content.length), Buffer.concat([good, content])).subarray(0, 60_000),
    )
    await peer.until('the beginning', () => (member.saved[0]?.savedBytes ?? 0) > 0)
    peer.socket.destroy()
    await peer.until('the end', () => member.saved[0]?.error !== undefined)
    expect(member.saved[0]?.error).toMatchObject({ code: 'SNAPSHOT_BROKEN' })
    await stillServes()
  })

  test('is one too many', async () => {
    member.takeChunk = () => new Promise(() => undefined)
    const peers = [new RawPeer(member), new RawPeer(member)]
    const begun = requestText('POST /raft/snapshot', headers(content.length), Buffer.concat([good, content]))
    for (const peer of peers) peer.send(begun.subarray(0, 5000))
    await peers[0]?.until('both', () => member.saved.length === 2)
    const third = await send(good)
    expect(third.text).toMatch(/ 503 [\s\S]*2 snapshots are being received already\n/)
    for (const peer of peers) peer.socket.destroy()
  })
})
