import { type Entry, type EntryType, type Message, type MessageType, newMessage } from '../src/index.ts'

/**
 * Messages of the append path in protobuf form (raftpb.Message), by hand, for the bench: raft itself has no codec, and
 * the figure should hold with the cost of one. Snapshots and nested responses never go over this bench's wire.
 */

const buffer = new Uint8Array(1 << 20)
const view = new DataView(buffer.buffer)
let at = 0

function writeVarint(value: number): void {
  let rest = value
  while (rest > 127) {
    buffer[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
}

function writeNumber(tag: number, value: number): void {
  buffer[at++] = tag
  writeVarint(value)
}

/** Ids in eight bytes (wire type 1): their varints would only cost bigint arithmetic, which is not what is measured. */
function writeId(tag: number, id: bigint): void {
  buffer[at++] = tag
  view.setBigUint64(at, id, true)
  at += 8
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++
  return length
}

function writeEntry(entry: Entry): void {
  const { term, index, data } = entry
  const size = 6 + varintLength(term) + varintLength(index) + varintLength(data.length) + data.length - 1
  buffer[at++] = 0x3a
  writeVarint(size)
  writeNumber(0x08, entry.type)
  writeNumber(0x10, term)
  writeNumber(0x18, index)
  buffer[at++] = 0x22
  writeVarint(data.length)
  buffer.set(data, at)
  at += data.length
}

/** The bytes of a message. */
export function encode(message: Message): Uint8Array {
  at = 0
  writeNumber(0x08, message.type)
  writeId(0x11, message.to)
  writeId(0x19, message.from)
  writeNumber(0x20, message.term)
  writeNumber(0x28, message.logTerm)
  writeNumber(0x30, message.index)
  for (const entry of message.entries) writeEntry(entry)
  writeNumber(0x40, message.commit)
  writeNumber(0x50, message.reject ? 1 : 0)
  writeNumber(0x58, message.rejectHint)
  buffer[at++] = 0x62
  writeVarint(message.context.length)
  buffer.set(message.context, at)
  return buffer.slice(0, at + message.context.length)
}

let input: Uint8Array = buffer

function readVarint(): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = input[at++] as number
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}

function readEntry(): Entry {
  at += 1
  const type = readVarint() as EntryType
  at += 1
  const term = readVarint()
  at += 1
  const index = readVarint()
  at += 1
  const length = readVarint()
  at += length
  return { term, index, type, data: input.subarray(at - length, at) }
}

function readNumber(): number {
  at += 1
  return readVarint()
}

/** The message that `encode` wrote: fields come in its order. */
export function decode(bytes: Uint8Array): Message {
  input = bytes
  at = 0
  const ids = new DataView(bytes.buffer, bytes.byteOffset)
  const type = readNumber() as MessageType
  const to = ids.getBigUint64(at + 1, true)
  const from = ids.getBigUint64(at + 10, true)
  at += 18
  const term = readNumber()
  const logTerm = readNumber()
  const index = readNumber()
  const entries: Entry[] = []
  while (input[at] === 0x3a) {
    at += 1
    readVarint()
    entries.push(readEntry())
  }
  const commit = readNumber()
  const reject = readNumber() === 1
  const rejectHint = readNumber()
  const length = readNumber()
  const context = input.subarray(at, at + length)
  return newMessage({ type, to, from, term, logTerm, index, entries, commit, reject, rejectHint, context })
}
