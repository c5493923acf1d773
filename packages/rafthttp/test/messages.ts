import type { Entry, Message } from '@kvs/proto/raft'
import fc from 'fast-check'

const quantity = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(
    0,
    127,
    128,
    16_383,
    16_384,
    2 ** 28,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 35,
    2 ** 42 - 1,
    2 ** 49,
    2 ** 53 - 1,
  ),
)
const identity = fc.oneof(fc.constant(0n), fc.bigInt(0n, (1n << 64n) - 1n))
const bytes = fc.uint8Array({ maxLength: 300 })

const entry: fc.Arbitrary<Entry> = fc.record({
  type: fc.constantFrom(0 as const, 1 as const, 2 as const),
  term: quantity,
  index: quantity,
  data: bytes,
})

const plain: fc.Arbitrary<Message> = fc.record({
  type: fc.integer({ min: 0, max: 23 }) as fc.Arbitrary<Message['type']>,
  to: identity,
  from: identity,
  term: quantity,
  logTerm: quantity,
  index: quantity,
  entries: fc.array(entry, { maxLength: 8 }),
  commit: quantity,
  snapshot: fc.constant(undefined),
  reject: fc.boolean(),
  rejectHint: quantity,
  context: bytes,
  vote: identity,
  responses: fc.constant([]),
})

const snapshot = fc.record({
  data: bytes,
  metadata: fc.record({
    index: quantity,
    term: quantity,
    confState: fc.record({
      voters: fc.array(identity, { maxLength: 5 }),
      learners: fc.array(identity, { maxLength: 2 }),
      votersOutgoing: fc.constant([]),
      learnersNext: fc.constant([]),
      autoLeave: fc.boolean(),
    }),
  }),
})

/** Messages of all kinds, rare ones included. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  { arbitrary: plain, weight: 4 },
  { arbitrary: fc.tuple(plain, snapshot).map(([message, brought]) => ({ ...message, snapshot: brought })), weight: 1 },
  { arbitrary: fc.tuple(plain, plain).map(([message, inner]) => ({ ...message, responses: [inner] })), weight: 1 },
)
