/** A server on virtual time, an attacker, and an honest client that is served all the while. `begin` makes them anew. */
import { VirtualClock } from '@kvs/testing'
import { expect } from 'vitest'
import { FrameFlag, FrameType, type HeaderPair, type Http2Usage } from '../src/http2/index.ts'
import { frame, message, type RawPeer, requestHeaders } from './raw-peer.ts'
import { type TestServer, testServer } from './test-server.ts'

export let world: TestServer
export let attacker: RawPeer
let honest: RawPeer
let honestId = 1
let sends = 0
/** The most that was in memory for all clients at once. */
export let peak: { -readonly [K in keyof Http2Usage]: number }

/** Headers of a call of a method of the test server. */
export const to = (method: string): readonly HeaderPair[] =>
  requestHeaders.map(pair => (pair[0] === ':path' ? [':path', `/test.Test/${method}`] : pair))

export function begin(options: Parameters<typeof testServer>[1] = {}): void {
  world = testServer(new VirtualClock(), options)
  honest = world.connect().greet()
  honestId = 1
  sends = 0
  peak = { streams: 0, receivedBytes: 0, inputBytes: 0, outputBytes: 0 }
  attack(world.connect()).greet()
}

/** From now on this is the attacker: after what it sends, memory is measured and the honest client served. */
export function attack(peer: RawPeer): RawPeer {
  attacker = peer
  const send = peer.send.bind(peer)
  peer.send = (...parts) => {
    send(...parts)
    measure()
    if (sends++ % 32 === 0) serveHonest()
    return peer
  }
  return peer
}

/** Notes what is in memory. */
export function measure(): void {
  const { usage } = world.server
  for (const key of Object.keys(peak) as (keyof Http2Usage)[]) peak[key] = Math.max(peak[key], usage[key])
}

/** A call of the honest client, which must be served whatever the attacker does. */
function serveHonest(): void {
  const id = honestId
  honestId += 2
  honest.send(honest.headers(id), frame(FrameType.DATA, FrameFlag.END_STREAM, id, message([1, 2, 3])))
  expect(honest.data(id)).toEqual(message([1, 2, 3]))
}

/** The honest client is still there, and no more was kept than this; the defaults are what a quiet connection may cost. */
export function checkHonest(most: Partial<Http2Usage> = {}): void {
  serveHonest()
  expect(honest.goaway).toBeUndefined()
  const bounds = { streams: 100, receivedBytes: 100_000, inputBytes: 100_000, outputBytes: 300_000, ...most }
  for (const key of Object.keys(bounds) as (keyof Http2Usage)[]) {
    expect(peak[key], `${key} at its peak`).toBeLessThanOrEqual(bounds[key])
  }
}

/** Sends what `next` gives until the server has had enough or `most` were sent; returns how many were. */
export function flood(most: number, next: (i: number) => readonly Uint8Array[]): number {
  for (let sent = 0; sent < most; sent += 10) {
    const frames: Uint8Array[] = []
    for (let i = sent; i < sent + 10; i++) frames.push(...next(i))
    attacker.send(...frames)
    if (attacker.closed) return sent + 10
  }
  return most
}
