import { decodePutRequest, encodePutRequest } from '@kvs/proto/rpc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PutFields } from '../src/requests/put-fields.ts'
import { plain, putRequest } from './messages.ts'

const fields = new PutFields()

/** What `parse` found, as the generic codec would say it. */
function found(bytes: Uint8Array): ReturnType<typeof decodePutRequest> {
  return {
    key: plain(bytes.subarray(fields.keyStart, fields.keyEnd)),
    value: plain(bytes.subarray(fields.valueStart, fields.valueEnd)),
    lease: fields.lease,
    prevKv: fields.prevKv,
    ignoreValue: fields.ignoreValue,
    ignoreLease: fields.ignoreLease,
  }
}

function generic(bytes: Uint8Array, start: number, end: number): ReturnType<typeof decodePutRequest> {
  const message = decodePutRequest(bytes, start, end)
  return { ...message, key: plain(message.key), value: plain(message.value) }
}

test('requests are read as the generic codec reads them, wherever they lie', () => {
  fc.assert(
    fc.property(putRequest, fc.nat(9), fc.nat(9), (message, before, after) => {
      const body = encodePutRequest(message)
      const bytes = new Uint8Array(before + body.length + after).fill(0x0a)
      bytes.set(body, before)
      const end = before + body.length
      expect(fields.parse(bytes, before, end)).toBe(true)
      expect(found(bytes)).toEqual(generic(bytes, before, end))
      expect(fields.hasLease).toBe((message.lease ?? 0n) !== 0n)
      expect(fields.hasValue).toBe((message.value?.length ?? 0) > 0)
    }),
  )
})

test('fields that come twice, in any order, or are not known', () => {
  fc.assert(
    fc.property(fc.array(putRequest, { maxLength: 3 }), fc.boolean(), (messages, strange) => {
      const unknown = strange ? [0x3a, 2, 1, 2, 0x40, 0x80, 0x01] : []
      const bytes = Uint8Array.from([...messages.flatMap(message => [...encodePutRequest(message)]), ...unknown])
      expect(fields.parse(bytes, 0, bytes.length)).toBe(true)
      expect(found(bytes)).toEqual(generic(bytes, 0, bytes.length))
    }),
  )
})

test('damaged requests: what both codecs take, they read alike', () => {
  fc.assert(
    fc.property(putRequest, fc.nat(), fc.nat(255), fc.boolean(), (message, place, byte, cuts) => {
      const whole = encodePutRequest(message)
      if (whole.length === 0) return
      const bytes = cuts ? whole.slice(0, place % whole.length) : whole.slice()
      if (!cuts) bytes[place % whole.length] = byte
      let wanted: ReturnType<typeof decodePutRequest> | undefined
      try {
        wanted = generic(bytes, 0, bytes.length)
      } catch {
        // Refused by the generic codec.
      }
      if (fields.parse(bytes, 0, bytes.length) && wanted !== undefined) expect(found(bytes)).toEqual(wanted)
      if (wanted === undefined) expect(fields.parse(bytes, 0, bytes.length)).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

test('nothing is left of the request before', () => {
  const first = encodePutRequest({ key: Uint8Array.of(1), value: Uint8Array.of(2), lease: -1n, prevKv: true })
  fields.parse(first, 0, first.length)
  expect(fields.parse(new Uint8Array(0), 0, 0)).toBe(true)
  expect(found(new Uint8Array(0))).toEqual(generic(new Uint8Array(0), 0, 0))
})
