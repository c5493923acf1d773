/**
 * Compaction: a new lowest readable revision at once, then a scrub in slices that removes the records nobody can ask
 * for any more, from the state file and from the index, and hashes what it passes.
 */

import type { KvHash, ScrubMoment, StepBudget } from './contract.ts'
import { crc32c } from './crc32c.ts'
import { MvccError } from './errors.ts'
import { bucketNameHash } from './hash.ts'
import { compactionHashesMax, neverCompacted } from './limits.ts'
import type { Reader } from './reader.ts'
import { RecordScan } from './record-scan.ts'
import { isKeptByCompaction } from './retention.ts'
import { decodeMarker, encodeRevisionKey } from './revision.ts'

const scrubRecords = 1000

const scheduledMarker = markerName('scheduledCompactRev')
const finishedMarker = markerName('finishedCompactRev')

function markerName(name: string): Uint8Array {
  return Uint8Array.from(name, char => char.charCodeAt(0))
}

/** One scrub. */
interface ScrubJob {
  readonly revision: number
  /** The compact revision before. */
  readonly previous: number
  /** The compaction before was finished when this one was asked for: the hash is that of a whole history. */
  readonly remember: boolean
  readonly scan: RecordScan
  hash: number
}

export class Compactor {
  private readonly reader: Reader
  private readonly atMoment: ((moment: ScrubMoment) => void) | undefined
  /** Revisions that open readers need: a scrub of a higher one waits for them. */
  private readonly pins = new Set<{ readonly revision: number }>()
  private running: ScrubJob | undefined
  private next: { readonly revision: number; readonly previous: number; readonly remember: boolean } | undefined
  private readonly hashes: KvHash[] = []
  compactRevision: number = neverCompacted
  scrubbedRevision: number = neverCompacted
  removedRecords = 0
  lookedAtRecords = 0

  constructor(reader: Reader, atMoment?: (moment: ScrubMoment) => void) {
    this.reader = reader
    this.atMoment = atMoment
  }

  /** Reads the markers; an unfinished scrub is taken up again. Returns the revision the store has at least. */
  restore(): number {
    const { state, buckets } = this.reader
    const finished = state.get(buckets.meta, finishedMarker)
    const scheduled = state.get(buckets.meta, scheduledMarker)
    if (finished !== undefined) {
      this.compactRevision = this.scrubbedRevision = decodeMarker('finishedCompactRev', finished)
    }
    if (scheduled === undefined) return this.compactRevision
    const revision = decodeMarker('scheduledCompactRev', scheduled)
    if (revision > this.compactRevision) {
      this.next = { revision, previous: this.compactRevision, remember: false }
      this.compactRevision = revision
    }
    return this.compactRevision
  }

  compact(revision: number, currentRevision: number): void {
    if (!(revision > this.compactRevision)) {
      throw new MvccError('COMPACTED', `revision ${revision} is compacted (up to ${this.compactRevision})`)
    }
    if (revision > currentRevision) {
      throw new MvccError('FUTURE_REVISION', `revision ${revision} is above the current one, ${currentRevision}`)
    }
    // Nothing lies at or below revision 0, and who asks for the hash of revision 0 means the current one.
    const remember = revision > 0 && this.scrubbedRevision === this.compactRevision
    this.next = { revision, previous: this.compactRevision, remember }
    this.compactRevision = revision
    const { state, buckets } = this.reader
    state.put(buckets.meta, scheduledMarker.slice(), encodeRevisionKey(revision, 0, false))
  }

  /** A reader of `revision` (a hash: of its compact revision) has begun; returns what ends it. */
  pin(revision: number): () => void {
    const pin = { revision }
    this.pins.add(pin)
    return () => this.pins.delete(pin)
  }

  get pending(): boolean {
    return this.running !== undefined || this.next !== undefined
  }

  /** One slice. True if there is nothing to do now: nothing at all, or only what readers hold up. */
  step(budget: StepBudget = {}): boolean {
    const records = budget.records ?? Math.min(scrubRecords, this.reader.limits.sliceRecords)
    if (this.running === undefined && !this.start()) return true
    const job = this.running!
    this.atMoment?.('compactAfterAcquiredBatchTxLock')
    if (!this.scrub(job, records, budget.isDue)) return false
    this.finish(job)
    return this.next === undefined
  }

  private start(): boolean {
    const { next } = this
    if (next === undefined) return false
    for (const pin of this.pins) if (pin.revision < next.revision) return false
    this.next = undefined
    this.running = {
      ...next,
      scan: new RecordScan(this.reader, { from: 0, through: next.revision }),
      hash: bucketNameHash,
    }
    return true
  }

  /** Hashes and removes one slice; true at the end. */
  private scrub(job: ScrubJob, records: number, isDue: StepBudget['isDue']): boolean {
    const { reader } = this
    const { scan, revision, previous } = job
    const removed: Uint8Array[] = []
    const visit = (key: Uint8Array, value: Uint8Array): undefined => {
      this.lookedAtRecords++
      scan.findEntry()
      const kept = isKeptByCompaction(reader.index, scan, revision)
      // What the compaction before kept counts if this one keeps it too.
      if (scan.main > previous || kept) job.hash = crc32c(crc32c(job.hash, key), value)
      if (kept) return undefined
      removed.push(key.slice())
      if (scan.handle !== 0 && !reader.index.compact(scan.handle, revision)) {
        reader.slab.drop(scan.handle)
        reader.index.remove(scan.handle)
      }
      return undefined
    }
    const done = scan.step(records, visit, isDue)
    if (removed.length > 0) reader.stamp.value++
    this.removedRecords += removed.length
    for (const key of removed) reader.state.delete(reader.buckets.key, key)
    reader.slab.reclaim(records)
    return done
  }

  private finish(job: ScrubJob): void {
    const { state, buckets } = this.reader
    this.atMoment?.('compactBeforeSetFinishedCompact')
    this.running = undefined
    this.scrubbedRevision = job.revision
    state.put(buckets.meta, finishedMarker.slice(), encodeRevisionKey(job.revision, 0, false))
    if (!job.remember) return
    this.hashes.unshift({ hash: job.hash, compactRevision: job.previous, revision: job.revision })
    this.hashes.length = Math.min(this.hashes.length, compactionHashesMax)
  }

  /** Newest first. */
  remembered(): readonly KvHash[] {
    return this.hashes
  }
}
