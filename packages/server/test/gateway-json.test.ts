import { type FieldSchema, Writer, writeIdentity } from '@kvs/proto'
import {
  decodeRangeRequest,
  decodeTxnRequest,
  encodeRangeResponse,
  encodeTxnRequest,
  encodeTxnResponse,
} from '@kvs/proto/rpc'
import { enumSchemas, messageSchemas, methodSchemas } from '@kvs/proto/schema'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonError } from '../src/gateway/errors.ts'
import { JsonValues } from '../src/gateway/json-values.ts'
import { toJson } from '../src/gateway/to-json.ts'
import { toMessage } from '../src/gateway/to-message.ts'
import { bytesOf } from './messages.ts'

const json = (message: string, bytes: Uint8Array): string => [...toJson(message, bytes)].join('')

/** Cuts and translates, as the gateway does. */
function message(type: string, text: string): Uint8Array {
  const values = new JsonValues(1e6)
  values.push(bytesOf(text))
  return toMessage(type, values.next() ?? values.finish() ?? bytesOf(''))
}

/** The error of a text that is none of a RangeRequest. */
function refused(text: string): string {
  try {
    message('etcdserverpb.RangeRequest', text)
  } catch (error) {
    expect(error).toBeInstanceOf(JsonError)
    return (error as JsonError).message
  }
  throw new Error('it was taken')
}

const integers: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
}

/** A value of a field as protobuf writes it behind its tag. */
function fieldBytes({ id, kind, type }: FieldSchema, depth: number): fc.Arbitrary<Uint8Array> {
  const written = (write: (writer: Writer) => unknown): Uint8Array => {
    const writer = new Writer()
    write(writer)
    return writer.finish()
  }
  const chunk = (value: Uint8Array): Uint8Array => written(writer => writer.uint32((id << 3) | 2).bytes(value))
  if (kind === 'message') return messageBytes(type as string, depth + 1).map(chunk)
  if (kind === 'bytes') return fc.uint8Array({ minLength: 1, maxLength: 20 }).map(chunk)
  if (kind === 'string') return fc.string({ minLength: 1, unit: 'grapheme' }).map(text => chunk(bytesOf(text)))
  if (kind === 'bool') return fc.constant(written(writer => writer.uint32(id << 3).bool(true)))
  const values =
    kind === 'enum'
      ? fc.constantFrom(...Object.values(enumSchemas[type as string] ?? {}).filter(value => value !== 0)).map(BigInt)
      : fc.bigInt(...((integers[kind] ?? [0n, 0n]) as [bigint, bigint])).filter(value => value !== 0n)
  return values.map(value => written(writer => writeIdentity(writer.uint32(id << 3), value)))
}

/** A message as this project encodes it: fields by number, each oneof once. */
function messageBytes(type: string, depth = 0): fc.Arbitrary<Uint8Array> {
  const seen = new Set<string>()
  const fields = (messageSchemas[type] ?? []).filter(({ kind, oneof }) => {
    if (depth > 3 && kind === 'message') return false
    if (oneof === undefined) return true
    const isFirst = !seen.has(oneof)
    seen.add(oneof)
    return isFirst
  })
  const parts = fields.map(field => {
    const value = fc.constant(0).chain(() => fieldBytes(field, depth))
    const maxLength = field.many === true ? 3 : 1
    return fc.array(value, { maxLength }).map(values => Buffer.concat(values))
  })
  return fc.tuple(...parts).map(values => new Uint8Array(Buffer.concat(values)))
}

describe('every message of every method', () => {
  const types = [...new Set(Object.values(methodSchemas).flatMap(({ request, response }) => [request, response]))]
  test.each(types)('%s survives JSON', type => {
    fc.assert(
      fc.property(messageBytes(type), bytes => {
        const text = json(type, bytes)
        expect(JSON.parse(text)).toBeTypeOf('object')
        expect(Buffer.from(message(type, text))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 40 },
    )
  })
})

describe('JSON of answers', () => {
  test('names, integers, bytes and enums as etcd writes them; zero values are left out', () => {
    const header = { clusterId: 2n ** 64n - 1n, memberId: 1n, revision: 7, raftTerm: 0 }
    const kvs = [{ key: bytesOf('a"'), createRevision: 2, modRevision: 3, version: 1, value: bytesOf(''), lease: -5n }]
    const bytes = encodeRangeResponse({ header, kvs: [...kvs, {}], more: true })
    expect(json('etcdserverpb.RangeResponse', bytes)).toBe(
      '{"header":{"cluster_id":"18446744073709551615","member_id":"1","revision":"7"},' +
        '"kvs":[{"key":"YSI=","create_revision":"2","mod_revision":"3","version":"1","lease":"-5"},{}],"more":true}',
    )
  })

  test('members of a oneof are written though they are zero', () => {
    const bytes = encodeTxnRequest({ compare: [{ key: bytesOf('k'), target: 1, createRevision: 0 }] })
    const text = '{"compare":[{"target":"CREATE","key":"aw==","create_revision":"0"}]}'
    expect(json('etcdserverpb.TxnRequest', bytes)).toBe(text)
    const empty = encodeTxnResponse({ responses: [{ responseTxn: {} }, { responsePut: {} }] })
    expect(json('etcdserverpb.TxnResponse', empty)).toBe('{"responses":[{"response_txn":{}},{"response_put":{}}]}')
  })

  test('a text "0" is a text, and control characters are escaped', () => {
    const name = (text: string): Uint8Array => new Writer().uint32(10).string(text).finish()
    expect(json('etcdserverpb.AuthUserAddRequest', name('0'))).toBe('{"name":"0"}')
    expect(json('etcdserverpb.AuthUserAddRequest', name('\u0001\n"\\ü'))).toBe('{"name":"\\u0001\\n\\"\\\\ü"}')
  })

  test('a large one comes in pieces', () => {
    const kvs = Array.from({ length: 3000 }, (_, i) => ({ key: bytesOf(`key${i}`), value: new Uint8Array(50) }))
    const pieces = [...toJson('etcdserverpb.RangeResponse', encodeRangeResponse({ kvs }))]
    expect(pieces.length).toBeGreaterThan(3)
    expect(Math.max(...pieces.map(piece => piece.length))).toBeLessThan(66_000)
    expect(JSON.parse(pieces.join('')).kvs).toHaveLength(3000)
  })
})

describe('JSON of requests', () => {
  const range = (text: string) => decodeRangeRequest(message('etcdserverpb.RangeRequest', text))

  test.each<[string, object]>([
    ['{"rangeEnd":"Yg==","limit":"12"}', { rangeEnd: bytesOf('b'), limit: 12 }],
    ['{"range_end":"Yg","limit":1.2e1}', { rangeEnd: bytesOf('b'), limit: 12 }],
    ['{"limit":120e-1,"sort_order":"DESCEND","sort_target":3}', { limit: 12, sortOrder: 2, sortTarget: 3 }],
    ['{"sort_order":"LATER","serializable":true}', { sortOrder: 0, serializable: true }],
    ['{"key":null,"limit":null}', { key: new Uint8Array(0), limit: 0 }],
    ['{"unknown":{"a":[1,{"b":"]"}]},"limit":1}', { limit: 1 }],
    ['{"k\\u0065y":"YW\\u0049="}', { key: bytesOf('ab') }],
    ['{"key":"YW\\nJj"}', { key: bytesOf('abc') }],
    ['{"limit":0e99999999}', { limit: 0 }],
    ['{"key":"_-8="}', { key: Uint8Array.of(255, 239) }],
  ])('%s', (text, wanted) => {
    const { key, ...rest } = range(text)
    expect({ ...rest, key: new Uint8Array(key), rangeEnd: new Uint8Array(rest.rangeEnd) }).toMatchObject(wanted)
  })

  test('leases keep all their digits', () => {
    const bytes = message('etcdserverpb.TxnRequest', '{"success":[{"request_put":{"lease":7587862094102030353}}]}')
    expect(decodeTxnRequest(bytes).success[0]?.requestPut?.lease).toBe(7587862094102030353n)
  })

  test.each([
    ['{"limit":1.5}', 'proto: (line 1:10): invalid value for int64 field limit: 1.5'],
    ['{"limit":9223372036854775808}', 'invalid value for int64 field limit: 9223372036854775808'],
    ['{"limit":1e999999999}', 'invalid value for int64 field limit: 1e999999999'],
    ['{"limit":" 1"}', 'invalid value for int64 field limit: " 1"'],
    ['{"range_end":5}', 'invalid value for bytes field rangeEnd: 5'],
    ['{"key":"Z!"}', 'invalid value for bytes field key: "Z!"'],
    ['{"key":"A"}', 'invalid value for bytes field key: "A"'],
    ['{"key":"+_=="}', 'invalid value for bytes field key: "+_=="'],
    ['{\n "keys_only":1}', 'proto: (line 2:14): invalid value for bool field keysOnly: 1'],
    ['{"sort_order":1.5}', 'invalid value for enum field sortOrder: 1.5'],
    ['{"key":"","key":""}', 'proto: (line 1:11): duplicate field "key"'],
    ['[]', 'proto: syntax error (line 1:1): unexpected token ['],
    ['{"key":"\\ud800"}', 'invalid escape code'],
    ['{"key":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"key" "x"}', `invalid character '"' after object key`],
    ['{"key":"\u0001"}', "invalid character '\\x01' in string literal"],
    ["{'key'}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":[1 2]}', "invalid character '2' after array element"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['{"a":-x}', "invalid character 'x' in numeric literal"],
    ['{"a":1.x}', "invalid character 'x' after decimal point in numeric literal"],
    ['{"a":1ex}', "invalid character 'x' in exponent of numeric literal"],
    ['{"a":01}', "invalid character '1' after object key:value pair"],
    ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
    ['{"a":"\\uz"}', "invalid character 'z' in \\u hexadecimal character escape"],
    ['{"a":', 'unexpected EOF'],
    [`{"a":${'['.repeat(10_001)}`, 'exceeded max depth'],
  ])('%s is refused', (text, wanted) => {
    expect(refused(text)).toContain(wanted)
  })

  test('two members of a oneof, and messages inside one another without end', () => {
    const both = '{"compare":[{"version":1,"value":"AA=="}]}'
    expect(() => message('etcdserverpb.TxnRequest', both)).toThrow(
      /oneof etcdserverpb.Compare.target_union is already set/,
    )
    const deep = `${'{"success":[{"request_txn":'.repeat(600)}{}${'}]}'.repeat(600)}`
    expect(() => message('etcdserverpb.TxnRequest', deep)).toThrow(/exceeded max recursion depth/)
  })
})

describe('values of a body', () => {
  const value = fc.json({ maxDepth: 4 })

  test('are the same however the body is cut', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), fc.array(fc.nat(200)), (texts, cuts) => {
        const bytes = bytesOf(texts.join('\n '))
        const values = new JsonValues(1e6)
        const found: unknown[] = []
        const take = (one: Uint8Array | undefined): boolean => {
          if (one !== undefined) found.push(JSON.parse(new TextDecoder().decode(one)))
          return one !== undefined
        }
        const ends = [...new Set([...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b)
        let from = 0
        for (const to of ends) {
          values.push(bytes.subarray(from, to))
          from = to
          while (take(values.next()));
        }
        take(values.finish())
        expect(found).toEqual(texts.map(text => JSON.parse(text)))
      }),
    )
  })

  test('are taken where JSON.parse takes them, and nowhere else', () => {
    const nearly = fc.tuple(value, fc.nat(60), fc.constantFrom(...'{}[]",:0-+.eE\\tn ')).map(([text, at, added]) => {
      const where = at % (text.length + 1)
      return `[${text.slice(0, where)}${added}${text.slice(where)}]`
    })
    fc.assert(
      fc.property(fc.oneof(value, nearly), text => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        let isTaken = true
        try {
          const values = new JsonValues(1e6)
          values.push(bytesOf(text))
          const first = values.next() ?? values.finish()
          isTaken = first !== undefined && first.length === bytesOf(text.trim()).length
        } catch {
          isTaken = false
        }
        expect(isTaken).toBe(isJson)
      }),
      { numRuns: 2000 },
    )
  })

  test('may have so many bytes', () => {
    const values = new JsonValues(100)
    values.push(bytesOf(`"${'x'.repeat(90)}" "${'x'.repeat(90)}"`))
    expect([values.next()?.length, values.next()?.length]).toEqual([92, 92])
    values.push(bytesOf(`"${'x'.repeat(200)}`))
    expect(() => values.next()).toThrow('a JSON value is larger than 100 bytes')
  })
})
