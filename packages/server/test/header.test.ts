import { encodePutResponse } from '@kvs/proto/rpc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeaderWriter } from '../src/edge/header.ts'
import { plain, someNumber } from './messages.ts'

const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

test('a header is what the generic codec writes as field 1', () => {
  fc.assert(
    fc.property(id, id, someNumber, fc.nat(), fc.nat(7), (clusterId, memberId, revision, term, at) => {
      const writer = new HeaderWriter({ clusterId, memberId })
      const wanted = plain(encodePutResponse({ header: { clusterId, memberId, revision, raftTerm: term } }))
      const target = new Uint8Array(80).fill(0xaa)
      const end = writer.write(target, at, revision, term)
      expect(plain(target.subarray(at, end))).toEqual(wanted)
      expect(writer.size(revision, term)).toBe(end - at)
      expect(target[end]).toBe(0xaa)
    }),
  )
})
