import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RaftHttpError } from '../src/errors.ts'
import { decodeFrame, FrameBatch } from '../src/frame.ts'
import { frameBytesAim } from '../src/limits.ts'
import { MessageEncoder } from '../src/message-encoder.ts'
import { append, heartbeat } from '../src/testing/world.ts'
import { anyMessage } from './messages.ts'

function framesOf(batch: FrameBatch): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let frame = batch.take(); frame !== undefined; frame = batch.take()) frames.push(frame)
  return frames
}

describe('frames', () => {
  test('give back the messages that were put in, in order', () => {
    const batch = new FrameBatch(new MessageEncoder())
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 12 }), messages => {
        let bytes = 0
        for (const message of messages) bytes += batch.add(message)
        expect(batch.pendingBytes).toBe(bytes)
        const frames = framesOf(batch)
        expect(batch.pendingBytes).toBe(0)
        expect(frames.flatMap(decodeFrame)).toEqual(messages)
      }),
    )
  })

  test('do not grow beyond their aim, but for a message that is larger', () => {
    const batch = new FrameBatch(new MessageEncoder())
    const message = (length: number): ReturnType<typeof append> => append(1n, 2n, 1, [new Uint8Array(length)])
    for (let i = 0; i < 40; i++) batch.add(message(20_000))
    batch.add(message(3 * frameBytesAim))
    batch.add(heartbeat(1n, 2n, 1))
    const frames = framesOf(batch)
    expect(frames.filter(frame => frame.length > frameBytesAim).length).toBe(1)
    expect(frames.length).toBeLessThan(8)
    expect(frames.flatMap(decodeFrame).length).toBe(42)
  })

  test('a frame that was taken never changes', () => {
    const batch = new FrameBatch(new MessageEncoder())
    const bytes = fc.sample(fc.uint8Array({ minLength: 200, maxLength: 200 }), { numRuns: 60, seed: 5 })
    const taken: { frame: Uint8Array; copy: Uint8Array }[] = []
    for (const data of bytes) {
      batch.add(append(1n, 2n, 1, [data]))
      const frame = batch.take() as Uint8Array
      taken.push({ frame, copy: frame.slice() })
    }
    for (const { frame, copy } of taken) expect(frame).toEqual(copy)
  })

  test('nothing is no frame, and what is cleared is gone', () => {
    const batch = new FrameBatch(new MessageEncoder())
    batch.add(heartbeat(1n, 2n, 1))
    batch.clear()
    expect([batch.pendingBytes, batch.take()]).toEqual([0, undefined])
    expect(() => decodeFrame(new Uint8Array(0))).toThrow('a frame is empty')
  })

  test('garbage is refused with BAD_FRAME, whatever it is', () => {
    const refusal = (bytes: Uint8Array): void => {
      try {
        decodeFrame(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RaftHttpError)
        expect((error as RaftHttpError).code).toBe('BAD_FRAME')
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), refusal), { numRuns: 2000 })
    // Damage to good frames: one byte changed, or cut off.
    const batch = new FrameBatch(new MessageEncoder())
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.nat(255), (message, at, byte) => {
        batch.add(message)
        const frame = batch.take() as Uint8Array
        refusal(frame.slice(0, at % frame.length))
        frame[at % frame.length] = byte
        refusal(frame)
      }),
      { numRuns: 500 },
    )
  })

  test('a length beyond the frame is named', () => {
    expect(() => decodeFrame(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1]))).toThrow(
      'a message of 4294967295 bytes at byte 0 goes beyond its frame of 5 bytes',
    )
    expect(() => decodeFrame(new Uint8Array([0, 0]))).toThrow('a frame ends inside of a length at byte 0')
  })

  test('entries do not keep a chunk that is much larger than their frame', () => {
    const batch = new FrameBatch(new MessageEncoder())
    batch.add(append(1n, 2n, 1, [new Uint8Array([1, 2, 3])]))
    const frame = batch.take() as Uint8Array
    const chunk = new Uint8Array(65_536)
    chunk.set(frame, 1000)
    const [small] = decodeFrame(chunk.subarray(1000, 1000 + frame.length))
    expect(small?.entries[0]?.data.buffer.byteLength).toBe(frame.length)
    batch.add(append(1n, 2n, 1, [new Uint8Array(50_000)]))
    const [large] = decodeFrame(batch.take() as Uint8Array)
    expect(large?.entries[0]?.data.buffer.byteLength).toBeGreaterThan(50_000)
  })
})
