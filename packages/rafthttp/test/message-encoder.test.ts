import { encodeMessage } from '@kvs/proto/raft'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageEncoder } from '../src/message-encoder.ts'
import { append } from '../src/testing/world.ts'
import { anyMessage } from './messages.ts'

function encode(encoder: MessageEncoder, message: Parameters<MessageEncoder['write']>[2]): Uint8Array {
  const size = encoder.sizeOf(message)
  const bytes = new Uint8Array(size + 2).fill(0xee)
  expect(encoder.write(bytes, 1, message)).toBe(size + 1)
  expect([bytes[0], bytes[size + 1]]).toEqual([0xee, 0xee])
  return bytes.slice(1, size + 1)
}

describe('message encoder', () => {
  test('writes what the generic codec writes', () => {
    const encoder = new MessageEncoder()
    fc.assert(
      fc.property(anyMessage, message => {
        expect(encode(encoder, message)).toEqual(encodeMessage(message))
        // Once more: now the entries are known.
        expect(encode(encoder, message)).toEqual(encodeMessage(message))
      }),
      { numRuns: 500 },
    )
  })

  test('entries of another message are not taken for the ones before, however alike', () => {
    const encoder = new MessageEncoder()
    const first = append(1n, 2n, 1, [new Uint8Array([1]), new Uint8Array([2])])
    const second = append(1n, 2n, 1, [new Uint8Array([1]), new Uint8Array([3])])
    const mixed = { ...first, entries: [first.entries[0], second.entries[1]] as (typeof first.entries)[number][] }
    for (const message of [first, second, mixed, { ...first, entries: first.entries.slice(0, 1) }]) {
      expect(encode(encoder, message)).toEqual(encodeMessage(message))
    }
    encoder.forget()
    expect(encode(encoder, first)).toEqual(encodeMessage(first))
  })

  test('refuses what is no quantity or id', () => {
    const encoder = new MessageEncoder()
    const message = append(1n, 2n, 1)
    for (const wrong of [-1, 2 ** 53, Number.NaN, 2 ** 60 + 0.5]) {
      expect(() => encoder.sizeOf({ ...message, commit: wrong })).toThrow('a quantity of a message')
    }
    expect(() => encoder.sizeOf({ ...message, vote: -1n })).toThrow('is no node id')
    expect(() => encoder.sizeOf({ ...message, to: 1n << 64n })).toThrow('is no node id')
  })

  test('more ids than are kept', () => {
    const encoder = new MessageEncoder()
    for (let id = 1n; id < 300n; id++) {
      const message = append(id, id << 40n, 1)
      expect(encode(encoder, message)).toEqual(encodeMessage(message))
    }
  })
})
