import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { huffmanDecode, huffmanDecodedBound, huffmanEncode, huffmanEncodedLength } from '../src/http2/huffman.ts'
import { type HeaderPair, HpackDecoder, HpackEncoder, type Http2Error, PreparedBlock } from '../src/http2/index.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
const limits = { maxListBytes: 1 << 20, maxFields: 1_000 }

function decodePairs(decoder: HpackDecoder, bytes: Uint8Array): HeaderPair[] {
  return decoder.decode(bytes, 0, bytes.length).fields.map(({ name, value }): HeaderPair => [name, value])
}

const first: HeaderPair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
]
const second: HeaderPair[] = [...first, ['cache-control', 'no-cache']]
const third: HeaderPair[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
]
const date = 'Mon, 21 Oct 2013 20:13:21 GMT'
const location: HeaderPair = ['location', 'https://www.example.com']
const found: HeaderPair[] = [[':status', '302'], ['cache-control', 'private'], ['date', date], location]
const redirect: HeaderPair[] = [[':status', '307'], ['cache-control', 'private'], ['date', date], location]
const ok: HeaderPair[] = [
  [':status', '200'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  location,
  ['content-encoding', 'gzip'],
  ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
]

describe('the examples of RFC 7541, appendix C', () => {
  const single: [string, string, HeaderPair, number][] = [
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header'], 55],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path'], 0],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret'], 0],
    ['C.2.4', '82', [':method', 'GET'], 0],
  ]
  it.each(single)('%s', (_name, bytes, pair, tableBytes) => {
    const decoder = new HpackDecoder(limits)
    expect(decodePairs(decoder, hex(bytes))).toEqual([pair])
    expect(decoder.tableBytes).toBe(tableBytes)
  })

  const series: [string, number, [string, HeaderPair[], number][]][] = [
    [
      'C.3 requests',
      4096,
      [
        ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', first, 57],
        ['8286 84be 5808 6e6f 2d63 6163 6865', second, 110],
        ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', third, 164],
      ],
    ],
    [
      'C.4 requests with Huffman',
      4096,
      [
        ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', first, 57],
        ['8286 84be 5886 a8eb 1064 9cbf', second, 110],
        ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', third, 164],
      ],
    ],
    [
      'C.5 responses with eviction',
      256,
      [
        [
          `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
        546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
          found,
          222,
        ],
        ['4803 3330 37c1 c0bf', redirect, 222],
        [
          `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
        6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
        2076 6572 7369 6f6e 3d31`,
          ok,
          215,
        ],
      ],
    ],
    [
      'C.6 responses with Huffman',
      256,
      [
        [
          `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
        8f0b 97c8 e9ae 82ae 43d3`,
          found,
          222,
        ],
        ['4883 640e ffc1 c0bf', redirect, 222],
        [
          `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
        dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
          ok,
          215,
        ],
      ],
    ],
  ]
  it.each(series)('%s', (_name, maxTableBytes, blocks) => {
    const decoder = new HpackDecoder({ ...limits, maxTableBytes })
    for (const [bytes, pairs, tableBytes] of blocks) {
      expect(decodePairs(decoder, hex(bytes))).toEqual(pairs)
      expect(decoder.tableBytes).toBe(tableBytes)
    }
  })

  it('is written the same way, where the encoder has no reason to differ (C.4)', () => {
    const encoder = new HpackEncoder()
    const encode = (pairs: HeaderPair[]): string => {
      encoder.encode(pairs)
      return Buffer.from(encoder.bytes.subarray(0, encoder.length)).toString('hex')
    }
    expect(encode(first)).toBe('828684418cf1e3c2e5f23a6ba0ab90f4ff')
    expect(encode(second)).toBe('828684be5886a8eb10649cbf')
    expect(encode(third)).toBe('828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')
  })
})

describe('broken blocks', () => {
  const broken: [string, string][] = [
    ['index 0', '80'],
    ['an index beyond the table', 'be'],
    ['a name index beyond the table', '7f00 0161'],
    ['a string that is cut off', '4003 6162'],
    ['a name without a value', '4001 61'],
    ['an integer that is cut off', 'ff'],
    ['an integer that never ends', 'ff80 8080 8080 8080 8080 8001'],
    ['an integer beyond all sizes', 'ffff ffff ff7f'],
    ['a length of 4 GiB', '007f ffff ffff 0f'],
    ['a table size above ours', '3fe2 1f'],
    ['a table size update after a field', '8220'],
    ['Huffman padding of zeros', '0081 00 0161'],
    ['Huffman padding of a whole byte', '0082 1fff 0161'],
    ['Huffman padding of exactly eight ones', '0082 f8ff 0161'],
    ['the Huffman end symbol', '0084 ffff ffff 0161'],
  ]
  it.each(broken)('%s', (_name, bytes) => {
    expect(() => decodePairs(new HpackDecoder(limits), hex(bytes))).toThrowError(
      expect.objectContaining({ name: 'Http2Error', code: 'COMPRESSION_ERROR' }),
    )
  })

  it('any bytes are decoded or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 5 }), blocks => {
        const decoder = new HpackDecoder({ maxListBytes: 500, maxFields: 10 })
        try {
          for (const block of blocks) {
            const { fields } = decoder.decode(block, 0, block.length)
            expect(fields.length).toBeLessThanOrEqual(10)
            expect(decoder.tableBytes).toBeLessThanOrEqual(4_096)
          }
        } catch (error) {
          expect(['COMPRESSION_ERROR', 'ENHANCE_YOUR_CALM']).toContain((error as Http2Error).code)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('limits', () => {
  it('a bomb of references costs no memory and the table stays in step', () => {
    const encoder = new HpackEncoder()
    encoder.encode([['bomb', 'x'.repeat(2_900)]])
    const seed = encoder.bytes.slice(0, encoder.length)
    const decoder = new HpackDecoder({ maxListBytes: 16_384, maxFields: 100 })
    expect(decoder.decode(seed, 0, seed.length).tooLarge).toBe(false)
    const bomb = new Uint8Array(80).fill(0xbe)
    const block = decoder.decode(bomb, 0, bomb.length)
    expect(block.tooLarge).toBe(true)
    expect(block.fields.length).toBe(5)
    expect(decodePairs(decoder, Uint8Array.of(0xbe))).toEqual([['bomb', 'x'.repeat(2_900)]])
  })

  it('what unfolds to 16 times a limit is refused as soon as that is seen', () => {
    const decoder = new HpackDecoder({ maxListBytes: 16_384, maxFields: 100 })
    const encoder = new HpackEncoder()
    encoder.encode([['bomb', 'x'.repeat(2_900)]])
    decoder.decode(encoder.bytes, 0, encoder.length)
    // 2 936 bytes each.
    expect(decoder.decode(new Uint8Array(89).fill(0xbe), 0, 89).tooLarge).toBe(true)
    // Nothing behind the end of patience is looked at: index 0 would be another error.
    const bomb = new Uint8Array(16_000)
    bomb.fill(0xbe, 0, 90)
    expect(() => decoder.decode(bomb, 0, bomb.length)).toThrow('many times the limit')
    const fields = new HpackDecoder({ maxListBytes: 1 << 20, maxFields: 100 })
    expect(fields.decode(new Uint8Array(1_700).fill(0x82), 0, 1_700).tooLarge).toBe(true)
    expect(() => fields.decode(new Uint8Array(1_701).fill(0x82), 0, 1_701)).toThrow('many times the limit')
  })

  it('counts fields', () => {
    const many = new Uint8Array(101).fill(0x82)
    const decoder = new HpackDecoder({ maxListBytes: 1 << 20, maxFields: 100 })
    expect(decoder.decode(many, 0, 100).tooLarge).toBe(false)
    expect(decoder.decode(many, 0, 101).tooLarge).toBe(true)
  })
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
const value = fc.oneof(
  fc.constantFrom('', 'a', 'application/grpc', 'x'.repeat(3_000)),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)), maxLength: 60 }),
)
const block = fc.array(fc.tuple(name, value), { maxLength: 12 })

describe('round trips', () => {
  it('decode gives back what was encoded, whatever the table sizes do', () => {
    const step = fc.oneof(block, fc.constantFrom(0, 1, 40, 100, 500, 4_096, 100_000))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), steps => {
        const encoder = new HpackEncoder()
        const decoder = new HpackDecoder(limits)
        for (const one of steps) {
          if (typeof one === 'number') encoder.setPeerTableBytes(one)
          else {
            encoder.encode(one)
            const bytes = encoder.bytes.slice(0, encoder.length)
            expect(decodePairs(decoder, bytes)).toEqual(one)
            expect(decoder.tableBytes).toBe(encoder.tableBytes)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('a field without name and value is no entry of the static table', () => {
    const encoder = new HpackEncoder()
    encoder.encode([['', '']])
    const decoder = new HpackDecoder({ maxListBytes: 1_000, maxFields: 10 })
    expect(decoder.decode(encoder.bytes, 0, encoder.length).fields).toMatchObject([{ name: '', value: '' }])
  })

  it('prepared blocks and remembered blocks are right when the table changes under them', () => {
    const pool: HeaderPair[][] = [
      [
        [':path', '/a'],
        ['x', '1'],
      ],
      [
        [':path', '/b'],
        ['x', '2'],
        ['authorization', 'secret'],
      ],
      [
        ['y', 'z'.repeat(300)],
        ['x', '1'],
      ],
    ]
    const step = fc.oneof(fc.constantFrom(0, 1, 2), block)
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
        const encoder = new HpackEncoder(600)
        const decoder = new HpackDecoder(limits)
        const prepared = pool.map(pairs => new PreparedBlock(pairs))
        for (const one of steps) {
          encoder.begin()
          if (typeof one === 'number') encoder.appendPrepared(prepared[one]!)
          else encoder.append(one)
          const wanted = typeof one === 'number' ? pool[one] : one
          expect(decodePairs(decoder, encoder.bytes.slice(0, encoder.length))).toEqual(wanted)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('a repeated block becomes short and decodes to the same object', () => {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder(limits)
    const blocks = [1, 2, 3].map(() => {
      encoder.encode(third)
      const bytes = encoder.bytes.slice(0, encoder.length)
      return { bytes, block: decoder.decode(bytes, 0, bytes.length) }
    })
    expect(blocks.map(({ bytes }) => bytes.length)).toEqual([37, 5, 5])
    expect(blocks[1]!.block).not.toBe(blocks[0]!.block)
    expect(blocks[2]!.block).toBe(blocks[1]!.block)
  })

  it('long blocks that differ in a single byte are not taken for one another', () => {
    const token = 'abcdefghijklmnopqrstuvwxyz'.repeat(30)
    const literal = (value: string): Uint8Array => {
      const encoder = new HpackEncoder()
      encoder.encode([['token', value]])
      return encoder.bytes.slice(0, encoder.length)
    }
    const decoder = new HpackDecoder(limits)
    const bytes = literal(token)
    expect(bytes.length).toBeGreaterThan(512)
    const known = decoder.decode(bytes, 0, bytes.length)
    expect(decoder.decode(bytes, 0, bytes.length)).toBe(known)
    for (let at = 0; at < token.length; at++) {
      // The same length in Huffman's code, so that most of the bytes stay.
      const other = `${token.slice(0, at)}${token[at] === 'a' ? 'c' : 'a'}${token.slice(at + 1)}`
      expect(decodePairs(decoder, literal(other))).toEqual([['token', other]])
      expect(decodePairs(decoder, bytes)).toEqual([['token', token]])
    }
  })

  it('the same bytes mean something else after the table has changed', () => {
    const decoder = new HpackDecoder(limits)
    const newest = Uint8Array.of(0xbe)
    for (const letter of ['a', 'b']) {
      const insert = Uint8Array.of(0x40, 1, 0x78, 1, letter.charCodeAt(0))
      expect(decodePairs(decoder, insert)).toEqual([['x', letter]])
      for (let i = 0; i < 3; i++) expect(decodePairs(decoder, newest)).toEqual([['x', letter]])
    }
    decodePairs(decoder, Uint8Array.of(0x20, 0x3f, 0xe1, 0x1f))
    expect(() => decodePairs(decoder, newest)).toThrow('index beyond the table')
  })

  it('Huffman', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const text = Buffer.from(bytes).toString('latin1')
        const coded = new Uint8Array(huffmanEncodedLength(text))
        expect(huffmanEncode(text, coded, 0)).toBe(coded.length)
        const decoded = new Uint8Array(huffmanDecodedBound(coded.length))
        expect(huffmanDecode(coded, 0, coded.length, decoded)).toBe(bytes.length)
        expect(decoded.subarray(0, bytes.length)).toEqual(bytes)
      }),
    )
  })
})
