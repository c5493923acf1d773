import type { MethodHandler, StatusCode, StreamCall, StreamEvents } from '@kvs/grpc'
import { Writer } from '@kvs/proto'
import { Maintenance, writeSnapshotResponse } from '@kvs/proto/rpc'
import { formatDuration } from '../duration.ts'
import * as limits from '../limits.ts'
import type { PieceStream } from '../parts.ts'
import { storageVersion } from '../version.ts'
import type { Member } from './member.ts'

/** `Maintenance.Snapshot`: a backup, streamed. */
export function snapshotMethods(member: Member): Map<string, MethodHandler> {
  return new Map<string, MethodHandler>([
    [Maintenance.snapshot.path, { kind: 'stream', open: call => new SnapshotCall(member, call) }],
  ])
}

const sha256Bytes = 32

/** Messages are put together in one buffer, for `send` copies: thousands of new ones would keep the collector busy. */
const writer = new Writer()

/**
 * One stream: the bbolt file in blobs, then its SHA-256 as one of its own. The next piece is asked for when the client has
 * taken enough of the last, so a slow client costs a few pieces of memory, and the disk space of the copy.
 */
class SnapshotCall implements StreamEvents {
  readonly #member: Member
  readonly #call: StreamCall
  #backup: PieceStream | undefined
  #isAsked = false
  /** What is being sent. */
  #piece: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Bytes of the file that are not sent yet. */
  #remainingBytes = 0
  /** A piece is on its way. */
  #isFetching = false
  #startMs = 0

  constructor(member: Member, call: StreamCall) {
    this.#member = member
    this.#call = call
  }

  message(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    this.#startMs = this.#member.clock.now()
    this.#member.backups.begin().then(
      backup => this.#begin(backup),
      error => this.#fail(error),
    )
  }

  halfClose(): void {}

  drain(): void {
    if (this.#backup !== undefined && !this.#isFetching) this.#go()
  }

  cancel(_code: StatusCode): void {
    this.#letGo()
  }

  #begin(backup: PieceStream): void {
    this.#backup = backup
    if (this.#call.ended) return this.#letGo()
    this.#remainingBytes = backup.sizeBytes - sha256Bytes
    this.#member.logger.info('sending database snapshot to client', { 'total-bytes': this.#remainingBytes })
    this.#fetch()
  }

  /** Sends what the client takes, and asks for more when it took the piece. */
  #go(): void {
    while (this.#at < this.#piece.length) {
      const blob = this.#piece.subarray(this.#at, this.#at + this.#blobBytes())
      this.#at += blob.length
      this.#remainingBytes = Math.max(0, this.#remainingBytes - blob.length)
      writer.pos = 0
      writeSnapshotResponse(writer, { remainingBytes: this.#remainingBytes, blob, version: storageVersion })
      if (!this.#call.send(writer.buf, 0, writer.pos)) return
    }
    this.#fetch()
  }

  /** The SHA-256 comes as a piece of its own. */
  #blobBytes(): number {
    return Math.min(limits.backupBlobBytes, this.#piece.length - this.#at)
  }

  #fetch(): void {
    this.#isFetching = true
    this.#backup?.pieces.next().then(
      step => this.#inBackground(() => this.#took(step)),
      error => this.#fail(error),
    )
  }

  #took(step: IteratorResult<Uint8Array, unknown>): void {
    this.#isFetching = false
    if (this.#call.ended) return this.#letGo()
    if (step.done === true) return this.#finish()
    this.#piece = step.value
    this.#at = 0
    this.#go()
  }

  #finish(): void {
    const tookMs = this.#member.clock.now() - this.#startMs
    this.#member.state.metrics.backups.observe(tookMs / 1000)
    this.#member.logger.info('successfully sent database snapshot to client', { took: formatDuration(tookMs) })
    this.#call.finish()
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#member.logger.error('failed to send database snapshot to client', { error: reason })
    this.#inBackground(() => this.#call.fail(2, reason))
    this.#letGo()
  }

  #letGo(): void {
    this.#backup?.pieces.return?.().catch(() => {})
    this.#backup = undefined
  }

  /** What is written in the background leaves at once. */
  #inBackground(send: () => void): void {
    this.#member.state.background.add(() => {
      send()
      return true
    })
  }
}
