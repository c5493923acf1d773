import { formatId } from '@kvs/membership'
import { AlarmType } from '@kvs/proto/rpc'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import type { Effects, EffectsWindow } from '../state/effects.ts'
import { raiseCorrupt } from './corrupt-alarm.ts'
import { differing } from './verdict.ts'

/** Where the peer port tells the windows. */
export const effectsPath = '/kvs/effects'

/** `{"format":1,"windows":[{"first":1,"last":1000,"hash":123}]}` */
export function effectsJson({ windows }: Effects): string {
  return JSON.stringify({ format: limits.effectsFormat, windows })
}

/** Undefined if it is none, or of another format: servers whose entries do other things cannot be compared. */
function windowsIn(text: string): readonly EffectsWindow[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  const { format, windows } = (parsed ?? {}) as { readonly format?: unknown; readonly windows?: unknown }
  if (format !== limits.effectsFormat || !Array.isArray(windows)) return undefined
  const isWindow = (window: Partial<EffectsWindow> | null): boolean =>
    [window?.first, window?.last, window?.hash].every(Number.isSafeInteger)
  return windows.every(isWindow) ? (windows as readonly EffectsWindow[]) : undefined
}

/**
 * Compares what the entries of the log did on each member: the leader asks all others for the hashes of their windows. A
 * difference is found within a window and a round, wherever it lies, at the price of one small answer per member.
 */
export class EffectsCheck {
  readonly #member: Member & { readonly effects: Effects }
  /** Ends of windows that were found to differ while this member leads. */
  readonly #told = new Set<number>()

  constructor(member: Member & { readonly effects: Effects }) {
    this.#member = member
  }

  async check(signal: AbortSignal): Promise<void> {
    const { effects, id, state } = this.#member
    if (effects.newest === undefined) return
    const others = state.cluster.members.filter(other => other.id !== id)
    const known = new Map<bigint, readonly EffectsWindow[]>()
    await Promise.all(
      others.map(async ({ id: other, peerUrls }) => {
        const windows = await this.#ask(other, peerUrls, signal)
        if (windows !== undefined) known.set(other, windows)
      }),
    )
    const isTold = state.alarms.has(AlarmType.CORRUPT)
    if (!this.#member.consensus.isLeader || isTold) return
    known.set(id, effects.windows)
    this.#compare(known, others.length + 1)
  }

  async #ask(id: bigint, urls: readonly string[], signal: AbortSignal): Promise<readonly EffectsWindow[] | undefined> {
    const { logger, peerClient } = this.#member
    try {
      return windowsIn(await peerClient.get(urls, effectsPath, { timeoutMs: limits.effectsTimeoutMs, signal }))
    } catch (error) {
      if (!(error instanceof RaftHttpError)) throw error
      logger.debug('cannot fetch effects from remote peer', { 'remote-peer-id': formatId(id), error: error.message })
      return undefined
    }
  }

  /** The oldest window that differs says where it began; those behind it may differ for that reason alone. */
  #compare(known: ReadonlyMap<bigint, readonly EffectsWindow[]>, memberCount: number): void {
    for (const { first, last } of [...known.values()].flat().sort((a, b) => a.last - b.last)) {
      const hashes = new Map<bigint, number>()
      for (const [id, windows] of known) {
        const window = windows.find(one => one.first === first && one.last === last)
        if (window !== undefined) hashes.set(id, window.hash)
      }
      const guilty = differing({ memberCount, hashes })
      if (guilty.length === 0 || this.#told.has(last)) continue
      this.#tell({ first, last }, hashes, guilty)
      for (const windows of known.values()) for (const window of windows) this.#told.add(window.last)
      return
    }
  }

  #tell(
    { first, last }: Pick<EffectsWindow, 'first' | 'last'>,
    hashes: ReadonlyMap<bigint, number>,
    guilty: readonly bigint[],
  ): void {
    this.#member.logger.error('members differ in what entries of the log did', {
      'first-index': first,
      'last-index': last,
      hashes: Object.fromEntries([...hashes].map(([id, hash]) => [formatId(id), hash])),
      'corrupted-members': guilty.map(formatId),
    })
    for (const id of guilty) raiseCorrupt(this.#member, id)
  }
}
