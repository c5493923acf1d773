import { VirtualClock } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { CLIENT_PREFACE, FrameFlag, FrameType } from '../src/http2/index.ts'
import type { HttpExchange } from '../src/index.ts'
import { eight, groups } from './h2spec-rows.ts'
import { frame, type RawPeer } from './raw-peer.ts'
import { testServer } from './test-server.ts'

const { DATA, SETTINGS, PING } = FrameType
const { END_STREAM, ACK } = FrameFlag

/** `/wait` is never answered, everything else with its method and body. */
function answer(exchange: HttpExchange): void {
  if (exchange.path === '/wait') return
  let body = exchange.method
  exchange.events = {
    data(bytes, start, end) {
      body += Buffer.from(bytes.subarray(start, end)).toString()
    },
    end() {
      exchange.respond(200, [])
      exchange.write(Uint8Array.from(Buffer.from(body)))
      exchange.end()
    },
  }
}

function connect(): RawPeer {
  return testServer(new VirtualClock(), { onOtherRequest: answer, http2Limits: { maxConcurrentStreams: 3 } }).connect()
}

/** What came back, in the words of the table. */
function seen(peer: RawPeer): string[] {
  const found: string[] = []
  if (peer.goaway !== undefined) found.push(`goaway ${peer.goaway.split(' ')[0]}`)
  else if (peer.closed) found.push('closed without a word')
  const reset = peer.resetOf(1)
  if (reset !== undefined) found.push(`reset ${reset}`)
  const body = Buffer.from(peer.data(1)).toString()
  if (peer.fields(1)[':status'] !== undefined) {
    const isWhole = peer.of(DATA, 1).at(-1)?.flags === END_STREAM
    found.push(isWhole ? `${peer.fields(1)[':status']} ${body}` : `body ${body}`)
    if (isWhole) found.push(`body ${body}`)
  }
  if (peer.of(PING).some(got => got.flags === ACK && Buffer.compare(got.payload, eight) === 0)) found.push('pong')
  if (peer.of(SETTINGS).filter(got => got.flags === ACK).length > 1) found.push('settings acknowledged')
  if (peer.resetOf(9) === 'REFUSED_STREAM') found.push('refused 9')
  return found.length === 0 ? ['nothing'] : found
}

for (const [group, rows] of Object.entries(groups)) {
  describe(group, () => {
    it.each(rows)('%s: %s', (_section, _what, send, expected) => {
      const peer = connect().greet()
      peer.send(...send(peer))
      const found = seen(peer)
      expect(found).toContain(expected)
      const fatal = expected.startsWith('goaway')
      expect(peer.closed).toBe(fatal)
      if (fatal) return
      // The connection goes on.
      const nine = new Uint8Array(8).fill(9)
      peer.send(frame(PING, 0, 0, nine))
      expect(peer.of(PING).at(-1)).toMatchObject({ flags: ACK, payload: nine })
    })
  })
}

describe('RFC 9113 3.4', () => {
  it('the server’s SETTINGS come first, whatever the client sends', () => {
    const peer = connect()
    expect(peer.frames[0]).toMatchObject({ type: SETTINGS, flags: 0, streamId: 0 })
    peer.send(CLIENT_PREFACE, frame(SETTINGS, 0, 0))
    expect(peer.goaway).toBeUndefined()
  })

  it('a preface that is none', () => {
    expect(connect().send(Buffer.from('INVALID CONNECTION PREFACE\r\n\r\n')).goaway).toMatch(/^PROTOCOL_ERROR/)
  })

  it('there are as many rows as h2spec has cases', () => {
    expect(Object.values(groups).flat().length).toBeGreaterThanOrEqual(130)
  })
})
