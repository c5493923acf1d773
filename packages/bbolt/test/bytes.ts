import type { BoltReader, BoltRecord } from '../src/index.ts'

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Comparable form of bytes. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** All that is in a file: bucket names and records in the order they come, in hex. */
export async function contentOf(reader: BoltReader): Promise<[string, [string, string][]][]> {
  const content: [string, [string, string][]][] = []
  for await (const { name } of reader.buckets()) {
    const records = await collect(reader.records(name))
    content.push([hex(name), records.map(([key, value]) => [hex(key), hex(value)])])
  }
  return content
}

/** `count` records with ascending keys of 17 bytes and values of `valueBytes`. */
export function* numbered(count: number, valueBytes: number): Generator<BoltRecord> {
  for (let at = 0; at < count; at++) {
    const key = new Uint8Array(17)
    new DataView(key.buffer).setUint32(4, at)
    key[8] = 0x5f
    yield [key, new Uint8Array(valueBytes).fill(at)]
  }
}
