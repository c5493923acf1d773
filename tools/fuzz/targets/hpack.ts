import { type HeaderBlock, HpackDecoder, HpackEncoder, Http2Error } from '@kvs/grpc/http2'
import { type FuzzTarget, mustHold } from '../target.ts'
import { block, concat, requestPairs } from './http2-frames.ts'

const LIMITS = { maxListBytes: 16_384, maxFields: 100 }

/** Blocks one after another: the first byte of each is its length. */
function* blocks(input: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < input.length; ) {
    const length = input[at] as number
    yield input.subarray(at + 1, at + 1 + length)
    at += 1 + length
  }
}

/** What a block may say that ends its connection. */
const endings: ReadonlySet<string> = new Set(['COMPRESSION_ERROR', 'ENHANCE_YOUR_CALM'])

function decode(decoder: HpackDecoder, bytes: Uint8Array): HeaderBlock | string {
  try {
    return decoder.decode(bytes, 0, bytes.length)
  } catch (error) {
    if (error instanceof Http2Error && endings.has(error.code)) return error.message
    throw error
  }
}

function run(input: Uint8Array): string {
  const decoder = new HpackDecoder(LIMITS)
  /** Gets each block at another place of a larger array: what is remembered must not depend on where bytes lie. */
  const moved = new HpackDecoder(LIMITS)
  const encoder = new HpackEncoder()
  const echo = new HpackDecoder({ maxListBytes: 1 << 20, maxFields: 1_000 })
  let fields = 0
  for (const bytes of blocks(input)) {
    const got = decode(decoder, bytes)
    const shifted = concat(new Uint8Array(3), bytes, [0xff])
    let again: HeaderBlock | string
    try {
      again = moved.decode(shifted, 3, 3 + bytes.length)
    } catch (error) {
      again = error instanceof Error ? error.message : ''
    }
    mustHold(same(got, again), 'the same block means two things')
    mustHold(decoder.tableBytes <= 4_096, 'the table is larger than allowed')
    if (typeof got === 'string') return got
    fields += got.fields.length
    let listBytes = 0
    for (const { name, value } of got.fields) listBytes += name.length + value.length + 32
    mustHold(
      listBytes <= LIMITS.maxListBytes && got.fields.length <= LIMITS.maxFields,
      'the list is larger than allowed',
    )
    // The encoder is given our own names only, and those hold no zero byte.
    if (got.fields.some(({ name }) => name.includes('\0'))) continue
    encoder.encode(got.fields.map(({ name, value }) => [name, value]))
    mustHold(same(got, echo.decode(encoder.bytes, 0, encoder.length), true), 'encoding and decoding changes a block')
  }
  return fields > 20 ? 'many fields' : `${fields} fields`
}

function same(a: HeaderBlock | string, b: HeaderBlock | string, fieldsOnly = false): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (!fieldsOnly && a.tooLarge !== b.tooLarge) return false
  if (a.fields.length !== b.fields.length) return false
  return a.fields.every(({ name, value, kind }, i) => {
    const other = b.fields[i]
    return other !== undefined && other.name === name && other.value === value && other.kind === kind
  })
}

/** Header blocks of anybody: decoded or refused, within the limits. */
export const hpack: FuzzTarget = {
  name: 'hpack',
  maxBytes: 2_048,
  dictionary: [
    [0x20],
    [0x3f, 0xe1, 0x1f],
    [0x82],
    [0xbe],
    [0x40],
    [0x7f, 0xff],
    [0x00],
    [0x10],
    [0x0f, 0x2b],
    [0xff, 0xff, 0xff, 0x7f],
  ].map(bytes => Uint8Array.from(bytes)),
  seeds() {
    const plain = block(requestPairs('/fuzz.F/Echo'))
    const encoder = new HpackEncoder()
    const indexed = [0, 1, 2].flatMap(() => {
      encoder.encode([...requestPairs('/a'), ['x-key', 'value'], ['cookie', 'a=b']])
      return [encoder.length, ...encoder.bytes.subarray(0, encoder.length)]
    })
    return [
      concat([plain.length], plain),
      Uint8Array.from(indexed),
      Uint8Array.of(2, 0x20, 0x82, 4, 0x3f, 0xe1, 0x1f, 0x82),
    ]
  },
  run,
}
