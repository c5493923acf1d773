import {
  decodeInternalRaftRequest,
  encodeInternalRaftRequest,
  type InternalRaftRequest,
  type InternalRaftRequestInit,
} from '@kvs/proto/internal'
import { decodePutRequest, encodePutRequest } from '@kvs/proto/rpc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeEntry, OperationField, ParsedEntry } from '../src/requests/entry.ts'
import { plain, putRequest, someBytes } from './messages.ts'

const names = Object.keys(OperationField) as (keyof typeof OperationField)[]
const operations = fc.constantFrom(...names)
const prefix = fc.integer({ min: 0, max: 0xffff })
const suffix = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  fc.integer({ min: 0, max: 47 }).map(bits => 2 ** bits),
)
const idOf = (high: number, low: number): bigint => (BigInt(high) << 48n) | BigInt(low)

/** The operation that the generic codec sees. */
function operationOf(request: InternalRaftRequest): string | undefined {
  const { id: _id, header: _header, ...members } = request
  return Object.entries(members).find(([, value]) => value !== undefined)?.[0]
}

test('every operation is framed as the generic codec frames it', () => {
  fc.assert(
    fc.property(operations, prefix, suffix, (name, high, low) => {
      const empty = new Uint8Array(0)
      const framed = encodeEntry(OperationField[name], empty, 0, 0, high, low)
      const header = { id: idOf(high, low) }
      const wanted = encodeInternalRaftRequest({ header, [name]: {} } as InternalRaftRequestInit)
      // The generic codec leaves out an id of zero, which no request has, and writes all fields of an empty v2 request.
      if (header.id !== 0n && name !== 'v2') expect(plain(framed)).toEqual(plain(wanted))
      const decoded = decodeInternalRaftRequest(framed)
      expect(decoded.header?.id).toBe(header.id)
      expect(operationOf(decoded)).toBe(name)
    }),
  )
})

test('who asks is framed as the generic codec frames it, and read back', () => {
  const username = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 2000 }))
  const revision = fc.oneof(fc.nat(300), fc.nat(Number.MAX_SAFE_INTEGER))
  const aBody = fc.oneof(someBytes, fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(operations, suffix, username, revision, aBody, (name, low, user, authRevision, body) => {
      const framed = encodeEntry(OperationField[name], body, 0, body.length, 7, low, {
        username: user,
        revision: authRevision,
      })
      const header = decodeInternalRaftRequest(
        encodeEntry(OperationField.put, new Uint8Array(0), 0, 0, 7, low, { username: user, revision: authRevision }),
      ).header
      const parsed = new ParsedEntry()
      expect(parsed.parse(framed)).toBe(true)
      expect(header).toEqual({ id: idOf(7, low), username: parsed.username, authRevision })
      expect([parsed.username, parsed.authRevision, parsed.operation]).toEqual([
        user,
        authRevision,
        OperationField[name],
      ])
      expect(plain(framed.subarray(parsed.start, parsed.end))).toEqual(plain(body))
      expect([parsed.idPrefix, parsed.idSuffix]).toEqual([7, low])
      const wanted = encodeInternalRaftRequest({
        header: { id: idOf(7, low), username: user, authRevision },
        [name]: {},
      } as InternalRaftRequestInit)
      const empty = encodeEntry(OperationField[name], body, 0, 0, 7, low, { username: user, revision: authRevision })
      if (name !== 'v2') expect(plain(empty)).toEqual(plain(wanted))
    }),
  )
})

test('names are read from their own entry, whatever the one before said', () => {
  const name = fc.constantFrom('', 'a', 'b', 'z', 'zz', 'ab', 'ba', 'root', 'roof', 'ä', '\u{1f600}', 'x'.repeat(300))
  const entryOf = (username: string): Uint8Array =>
    encodeEntry(OperationField.put, new Uint8Array(0), 0, 0, 1, 2, { username, revision: 3 })
  fc.assert(
    fc.property(fc.array(name, { maxLength: 20 }), users => {
      const parsed = new ParsedEntry()
      for (const user of users) {
        const data = entryOf(user)
        expect([parsed.parse(data), parsed.username]).toEqual([true, user])
        // Its bytes may become something else, here the name of another user.
        data.fill(0x7a)
      }
    }),
  )
})

test('a body is carried as it is, wherever it lies in its buffer', () => {
  fc.assert(
    fc.property(putRequest, prefix, suffix, fc.nat(9), fc.nat(9), (message, high, low, before, after) => {
      const body = encodePutRequest(message)
      const buffer = new Uint8Array(before + body.length + after).fill(0xff)
      buffer.set(body, before)
      const framed = encodeEntry(OperationField.put, buffer, before, before + body.length, high, low)
      const decoded = decodeInternalRaftRequest(framed)
      expect(decoded.put).toEqual(decodePutRequest(body))
      expect(decoded.header?.id).toBe(idOf(high, low))
      buffer.fill(0)
      const parsed = new ParsedEntry()
      expect(parsed.parse(framed)).toBe(true)
      expect(plain(framed.subarray(parsed.start, parsed.end))).toEqual(plain(body))
    }),
  )
})

test('parsing finds operation, id, user and auth revision of what the generic codec wrote', () => {
  const parsed = new ParsedEntry()
  fc.assert(
    fc.property(
      operations,
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.nat(),
      (name, outerId, headerId, username, authRevision) => {
        const header = { id: headerId, username, authRevision }
        const request = { id: outerId, header, [name]: {} } as InternalRaftRequestInit
        expect(parsed.parse(encodeInternalRaftRequest(request))).toBe(true)
        expect(parsed.operation).toBe(OperationField[name])
        expect(name === 'v2' || parsed.end === parsed.start).toBe(true)
        // etcd registers waiters under the outer id if there is one.
        expect(idOf(parsed.idPrefix, parsed.idSuffix)).toBe(outerId === 0n ? headerId : outerId)
        expect(parsed.username).toBe(username)
        expect(parsed.authRevision).toBe(authRevision)
      },
    ),
  )
})

test('an entry leaves nothing behind for the next one', () => {
  const parsed = new ParsedEntry()
  parsed.parse(encodeInternalRaftRequest({ header: { id: 7n, username: 'alice', authRevision: 3 }, put: {} }))
  expect(parsed.parse(encodeInternalRaftRequest({ id: 0n }))).toBe(true)
  const { operation, idPrefix, idSuffix, username, authRevision } = parsed
  expect({ operation, idPrefix, idSuffix, username, authRevision }).toEqual({
    operation: 0,
    idPrefix: 0,
    idSuffix: 0,
    username: '',
    authRevision: 0,
  })
})

test('fields that are not known are passed over, of whatever wire type', () => {
  // Fields 15 (varint), 50 (eight bytes), 51 (four bytes) around a put.
  const framed = Uint8Array.of(0x78, 0x05, 0x91, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 0x22, 0, 0x9d, 0x03, 1, 2, 3, 4)
  const parsed = new ParsedEntry()
  expect(parsed.parse(framed)).toBe(true)
  expect(parsed.operation).toBe(OperationField.put)
})

test('whatever is cut short or damaged is refused or read within its bounds, never misread', () => {
  const parsed = new ParsedEntry()
  fc.assert(
    fc.property(putRequest, someBytes, fc.nat(), fc.nat(255), (message, junk, place, byte) => {
      const whole = encodeInternalRaftRequest({ header: { id: 99n, username: 'bob' }, put: message })
      const cut = whole.slice(0, place % whole.length)
      const changed = whole.slice()
      changed[place % whole.length] = byte
      for (const bytes of [cut, changed, junk]) {
        if (!parsed.parse(bytes)) continue
        expect(parsed.start).toBeLessThanOrEqual(parsed.end)
        expect(parsed.end).toBeLessThanOrEqual(bytes.length)
      }
    }),
  )
})

test.each([
  ['a length beyond the end', [0x22, 0x05, 1, 2]],
  ['a varint that does not end', [0x80, 0x80]],
  ['a varint of more than ten bytes', [0x08, ...new Array<number>(10).fill(0xff), 0x01]],
  ['a wire type that does not exist', [0x0f]],
  ['field 0', [0x02, 0x00]],
  ['a header that is cut', [0xa2, 0x06, 0x02, 0x08, 0x80]],
  ['eight bytes that are three', [0x91, 0x03, 1, 2, 3]],
])('%s is refused', (_what, bytes) => {
  expect(new ParsedEntry().parse(Uint8Array.from(bytes))).toBe(false)
})
