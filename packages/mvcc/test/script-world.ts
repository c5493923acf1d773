import { argumentValue, positionalArguments, type ScriptCase } from '@kvs/testing'
import {
  type Compare,
  type Cursor,
  type DeleteResult,
  decodeEvent,
  decodeRecord,
  describeBytes,
  describeEvent,
  describeHash,
  describeKeyValue,
  describeRangeResult,
  describeWatcher,
  MvccError,
  openStore,
  type RangeCursor,
  type RangeRequest,
  type SortOrder,
  type SortTarget,
  type Store,
  type StoreLimits,
  type WatchBatch,
  type Watcher,
  type WatchStream,
  type WriteTxn,
} from '../src/index.ts'
import { mainOf, subOf } from '../src/revision.ts'
import { buckets, bytes, SortedState } from './sorted-state.ts'

/** What a golden script talks to: one store with its state file, streams of watchers, open cursors. */
export class ScriptWorld {
  private readonly state = new SortedState()
  private limits: Partial<StoreLimits> = {}
  private store: Store = openStore({ state: this.state, buckets })
  private readonly streams = new Map<string, WatchStream>()
  private readonly full = new Set<string>()
  private readonly cursors = new Map<string, RangeCursor>()
  private txn: WriteTxn | undefined
  private deleting: Cursor<DeleteResult> | undefined
  private lines: string[] = []

  /** Runs one directive; what it prints, and then what reached the watchers meanwhile. */
  run(directive: ScriptCase): string {
    this.lines = []
    const command = commands[directive.command]
    if (command === undefined) throw new Error(`there is no command ${directive.command}`)
    try {
      const printed = command.call(this, new Words(directive))
      if (printed !== undefined) this.lines.unshift(printed)
    } catch (error) {
      if (!(error instanceof MvccError)) throw error
      this.lines.unshift(`${error.code}: ${error.message}`)
    }
    return this.lines.join('\n')
  }

  // Writing

  private write(work: (txn: WriteTxn) => string[]): string {
    if (this.txn !== undefined) return work(this.txn).join('\n') || 'ok'
    const txn = this.store.write()
    let lines: string[] = []
    try {
      lines = work(txn)
    } finally {
      lines.push(this.finish(txn))
    }
    return lines.join('\n')
  }

  private finish(txn: WriteTxn): string {
    const { revision, changes } = txn.end()
    const leases = changes.leases.map(
      each => `lease of ${describeBytes(each.key)}: ${each.oldLease} -> ${each.newLease}`,
    )
    return [...leases, `revision ${revision}`].join('\n')
  }

  put(words: Words): string {
    return this.write(txn => {
      const previous = txn.put({
        key: words.bytes(0),
        value: words.bytes(1),
        lease: BigInt(words.value('lease') ?? 0),
        ignoreValue: words.has('ignore-value'),
        ignoreLease: words.has('ignore-lease'),
        wantPrevious: words.has('previous'),
      })
      return previous === undefined ? [] : [`previous ${describeKeyValue(decodeRecord(previous))}`]
    })
  }

  delete(words: Words): string {
    return this.write(txn => this.deleted(txn.deleteRange({ ...words.range(), wantPrevious: words.has('previous') })))
  }

  private deleted({ deleted, previous }: DeleteResult): string[] {
    return [...Array.from(previous, kv => `previous ${describeKeyValue(kv)}`), `deleted ${deleted}`]
  }

  begin(): string {
    this.txn = this.store.write()
    return `writes get revision ${this.txn.revision}`
  }

  end(): string {
    const txn = this.txn!
    const text = this.finish(txn)
    this.txn = undefined
    return text
  }

  openDelete(words: Words): string {
    this.deleting = this.txn!.openDelete(words.range())
    return 'ok'
  }

  stepDelete(words: Words): string {
    const done = this.deleting!.step({ records: words.number('records', 1) })
    return done ? this.deleted(this.deleting!.result()).join('\n') : 'more to do'
  }

  // Reading

  range(words: Words): string {
    return describeRangeResult((words.has('in-txn') ? this.txn! : this.store).range(words.request()))
  }

  openRange(words: Words): string {
    this.cursors.set(words.value('name') ?? '', this.store.openRange(words.request()))
    return 'ok'
  }

  stepRange(words: Words): string {
    const cursor = this.cursors.get(words.value('name') ?? '')!
    if (!cursor.step({ records: words.number('records', 1) })) return 'more to do'
    return describeRangeResult(cursor.result())
  }

  closeRange(words: Words): string {
    this.cursors.get(words.value('name') ?? '')!.close()
    return 'ok'
  }

  /** `compare target result operand key [end]` */
  compare(words: Words): string {
    const [target = '', sign = '', operand = ''] = words.positional
    const results = { is: 'equal', not: 'notEqual', below: 'less', above: 'greater' } as const
    const range = { ...words.range(3), result: results[sign as keyof typeof results] }
    let compare: Compare
    if (target === 'value') compare = { ...range, target, operand: fromText(operand) }
    else if (target === 'lease') compare = { ...range, target, operand: BigInt(operand) }
    else compare = { ...range, target: target as 'version' | 'create' | 'mod', operand: Number(operand) }
    return String(this.store.holds(compare))
  }

  leases(): string {
    const found = [...this.store.keyLeases()].filter(each => each !== undefined)
    return found.map(({ key, lease }) => `${describeBytes(key)} ${lease}`).join('\n') || 'none'
  }

  // Compaction, hashes, the state file

  compact(words: Words): string {
    this.store.compact(Number(words.positional[0]))
    return this.revisions()
  }

  scrub(words: Words): string {
    const records = words.value('records')
    if (records !== undefined) this.store.scrub({ records: Number(records) })
    else while (!this.store.scrub()) {}
    return this.revisions()
  }

  revisions(): string {
    const { revision, compactRevision, scrubbedRevision, scrubPending } = this.store
    const pending = scrubPending ? ', scrub pending' : ''
    return `revision ${revision}, compacted ${compactRevision}, scrubbed ${scrubbedRevision}${pending}`
  }

  hash(words: Words): string {
    const cursor = this.store.openHash(Number(words.positional[0] ?? 0))
    while (!cursor.step()) {}
    return describeHash(cursor.result())
  }

  hashes(): string {
    return this.store.compactionHashes().map(describeHash).join('\n') || 'none'
  }

  disk(): string {
    const lines = Array.from(this.state.records(buckets.key), ({ key, value }) => {
      const mark = key.length === 18 ? 't' : ''
      return `${mainOf(key)}.${subOf(key)}${mark} ${describeKeyValue(decodeRecord(value))}`
    })
    for (const { key, value } of this.state.records(buckets.meta)) {
      lines.push(`${Buffer.from(key).toString('latin1')} ${mainOf(value)}`)
    }
    return lines.join('\n') || 'empty'
  }

  index(): string {
    const { keys, revisions } = this.store.statistics()
    return `${keys} keys, ${revisions} revisions`
  }

  limit(words: Words): string {
    for (const { key, values } of words.directive.args) {
      if (values.length > 0) this.limits = { ...this.limits, [key]: Number(values[0]) }
    }
    return this.restart()
  }

  /** A new store on the same state file; the watchers move there, as when a snapshot is installed. */
  restart(): string {
    const old = this.store
    this.store = openStore({ state: this.state, buckets, limits: this.limits })
    old.watch.moveTo(this.store.watch)
    return this.revisions()
  }

  // Watching

  private stream(words: Words): WatchStream {
    const name = words.value('stream') ?? ''
    const found = this.streams.get(name)
    if (found !== undefined) return found
    const label = (watcher: Watcher): string => `${name === '' ? '' : `${name} `}watcher ${watcher.id}`
    const stream = this.store.watch.openStream({
      deliver: (watcher, batch) => this.deliver(name, label(watcher), batch),
      compacted: (watcher, compactRevision) => {
        this.lines.push(`${label(watcher)} compacted up to ${compactRevision}`)
      },
    })
    this.streams.set(name, stream)
    return stream
  }

  private deliver(stream: string, label: string, batch: WatchBatch): boolean {
    if (this.full.has(stream)) {
      this.lines.push(`${label} is full`)
      return false
    }
    this.lines.push(`${label} gets revision ${batch.revision}:`)
    for (const event of batch.events) this.lines.push(`  ${describeEvent(decodeEvent(event.bytes))}`)
    return true
  }

  watch(words: Words): string {
    const id = words.value('id')
    const watcher = this.stream(words).watch({
      ...words.range(),
      startRevision: words.number('start', 0),
      noPut: words.has('no-put'),
      noDelete: words.has('no-delete'),
      previous: words.has('previous'),
      ...(id === undefined ? {} : { id: Number(id) }),
    })
    return describeWatcher(watcher)
  }

  cancel(words: Words): string {
    return this.stream(words).cancel(Number(words.positional[0])) ? 'cancelled' : 'unknown'
  }

  close(words: Words): string {
    this.stream(words).close()
    this.streams.delete(words.value('stream') ?? '')
    return 'ok'
  }

  fill(words: Words): string {
    this.full.add(words.value('stream') ?? '')
    return 'ok'
  }

  drain(words: Words): string {
    this.full.delete(words.value('stream') ?? '')
    const id = words.positional[0]
    this.stream(words).resume(id === undefined ? undefined : Number(id))
    return 'ok'
  }

  /** Catches up, in one step of so many records or until nothing is left. */
  step(words: Words): string {
    const records = words.value('records')
    if (records !== undefined) this.store.watch.step({ records: Number(records) })
    else while (!this.store.watch.step()) {}
    return this.store.watch.pending ? 'more to do' : 'done'
  }

  progress(words: Words): string {
    const id = words.positional[0]
    const stream = this.stream(words)
    const revision = id === undefined ? stream.progressRevision() : stream.watcherProgress(Number(id))
    return revision === undefined ? 'no answer' : `progress ${revision}`
  }

  watchers(words: Words): string {
    return Array.from(this.stream(words).watchers(), describeWatcher).join('\n') || 'none'
  }

  count(): string {
    const { streams, watchers, unsynced, slow } = this.store.watch.statistics()
    return `${streams} streams, ${watchers} watchers, ${unsynced} unsynced, ${slow} slow`
  }
}

const commands: Record<string, ((this: ScriptWorld, words: Words) => string | undefined) | undefined> = {
  put: ScriptWorld.prototype.put,
  delete: ScriptWorld.prototype.delete,
  begin: ScriptWorld.prototype.begin,
  end: ScriptWorld.prototype.end,
  'open-delete': ScriptWorld.prototype.openDelete,
  'step-delete': ScriptWorld.prototype.stepDelete,
  range: ScriptWorld.prototype.range,
  'open-range': ScriptWorld.prototype.openRange,
  'step-range': ScriptWorld.prototype.stepRange,
  'close-range': ScriptWorld.prototype.closeRange,
  compare: ScriptWorld.prototype.compare,
  leases: ScriptWorld.prototype.leases,
  compact: ScriptWorld.prototype.compact,
  scrub: ScriptWorld.prototype.scrub,
  revisions: ScriptWorld.prototype.revisions,
  hash: ScriptWorld.prototype.hash,
  hashes: ScriptWorld.prototype.hashes,
  disk: ScriptWorld.prototype.disk,
  index: ScriptWorld.prototype.index,
  limit: ScriptWorld.prototype.limit,
  restart: ScriptWorld.prototype.restart,
  watch: ScriptWorld.prototype.watch,
  cancel: ScriptWorld.prototype.cancel,
  close: ScriptWorld.prototype.close,
  fill: ScriptWorld.prototype.fill,
  drain: ScriptWorld.prototype.drain,
  step: ScriptWorld.prototype.step,
  progress: ScriptWorld.prototype.progress,
  watchers: ScriptWorld.prototype.watchers,
  count: ScriptWorld.prototype.count,
}

const flags = new Set([
  'previous',
  'ignore-value',
  'ignore-lease',
  'count-only',
  'keys-only',
  'no-put',
  'no-delete',
  'in-txn',
])

/** The words of a directive: flags and `name=value` apart, the rest in order. */
class Words {
  readonly directive: ScriptCase
  readonly positional: readonly string[]

  constructor(directive: ScriptCase) {
    this.directive = directive
    this.positional = positionalArguments(directive).filter(word => !flags.has(word))
  }

  has(flag: string): boolean {
    return positionalArguments(this.directive).includes(flag)
  }

  value(name: string): string | undefined {
    return argumentValue(this.directive, name)
  }

  number(name: string, otherwise: number): number {
    const value = this.value(name)
    return value === undefined ? otherwise : Number(value)
  }

  bytes(at: number): Uint8Array {
    return fromText(this.positional[at] ?? '""')
  }

  /** `key`, or `key end`; the end `…` is open. */
  range(at = 0): { key: Uint8Array; rangeEnd: Uint8Array | undefined } {
    const end = this.positional[at + 1]
    return { key: this.bytes(at), rangeEnd: end === undefined ? undefined : fromText(end) }
  }

  request(): RangeRequest {
    return {
      ...this.range(),
      limit: this.number('limit', 0),
      revision: this.number('revision', 0),
      countOnly: this.has('count-only'),
      keysOnly: this.has('keys-only'),
      sortOrder: (this.value('sort') ?? 'none') as SortOrder,
      sortTarget: (this.value('by') ?? 'key') as SortTarget,
      minModRevision: this.number('min-mod', 0),
      maxModRevision: this.number('max-mod', 0),
      minCreateRevision: this.number('min-create', 0),
      maxCreateRevision: this.number('max-create', 0),
    }
  }
}

/** `""` is empty, `…` is one zero byte, `\xNN` a byte. */
function fromText(word: string): Uint8Array {
  if (word === '""') return new Uint8Array(0)
  if (word === '…') return Uint8Array.of(0)
  return bytes(
    word.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
  )
}
