import { encodeMessage, MessageType } from '@kvs/proto/raft'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../src/node.ts'
import {
  BodyReader,
  encodeSnapshotBody,
  encodeSnapshotHead,
  hashBytes,
  readSnapshotHead,
} from '../src/snapshot-body.ts'
import { heartbeat, snapshotMessage } from '../src/testing/world.ts'

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks
}

/** `bytes` cut where `cuts` says. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map(place => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return places.slice(1).map((end, at) => bytes.slice(places[at], end))
}

async function bodyOf(content: readonly Uint8Array[], sizeBytes: number, progress: number[] = []): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const body = encodeSnapshotBody(
    encodeSnapshotHead(snapshotMessage(1n, 2n)),
    { sizeBytes, chunks: streamOf(content) },
    sha256(),
    sent => progress.push(sent),
  )
  for await (const piece of body) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

describe('the body of a snapshot', () => {
  test('begins with its message, however it is cut, and ends with the checksum of all before', async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), cuts, cuts, async (content, sent, arrived) => {
        const body = await bodyOf(cut(content, sent), content.length)
        const reader = new BodyReader(streamOf(cut(body, arrived)))
        const { message, head } = await readSnapshotHead(reader)
        expect(message).toEqual(snapshotMessage(1n, 2n))
        expect(await reader.gather(content.length)).toEqual(content)
        const hash = sha256()
        hash.update(head)
        hash.update(content)
        expect(await reader.gather(hashBytes + 1)).toEqual(hash.digest())
        expect(await reader.some(10)).toBeUndefined()
      }),
    )
  })

  test('has the length that was announced, or fails at its source', async () => {
    const content = [new Uint8Array(10), new Uint8Array(0), new Uint8Array(10)]
    const progress: number[] = []
    await bodyOf(content, 20, progress)
    expect(progress).toEqual([0, 10, 20, 20])
    await expect(bodyOf(content, 21)).rejects.toMatchObject({
      code: 'SNAPSHOT_BROKEN',
      message: 'snapshot: 20 bytes came, 21 were announced',
    })
    await expect(bodyOf(content, 19)).rejects.toMatchObject({ code: 'SNAPSHOT_BROKEN' })
  })

  test('whatever comes instead of a head is refused with a text', async () => {
    const refused = async (bytes: Uint8Array): Promise<void> => {
      const result = await readSnapshotHead(new BodyReader(streamOf([bytes]))).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toMatchObject({ code: 'BAD_REQUEST', status: 400 })
    }
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), refused))
    const head = encodeSnapshotHead(heartbeat(1n, 2n, 3))
    expect(head.slice(8)).toEqual(encodeMessage(heartbeat(1n, 2n, 3)))
    const { message } = await readSnapshotHead(new BodyReader(streamOf([head])))
    expect(message.type).toBe(MessageType.MsgHeartbeat)
  })
})
