import { VfsError, type VfsErrorCode } from './errors.ts'
import type { File, FileInfo, Fs, OpenOptions } from './fs.ts'
import type { FsOperation } from './operations.ts'
import type { Random } from './random.ts'

/**
 * What goes wrong in a call.
 * `error`: the call does nothing and fails. `shortWriteBytes`: a write stops after so many bytes and fails with `code`
 * (default `NO_SPACE`). `delayMs`: the call comes later (not `readSync`, `writeSync` and `lock`, which cannot wait).
 * `misdirectBytes`: a read or write goes so many bytes beside its place and reports success.
 * `invertBit`: this bit of what a read returns (counted from its first byte, modulo its length) or a write writes is inverted.
 */
export type Fault =
  | { readonly error: VfsErrorCode }
  | { readonly shortWriteBytes: number; readonly code?: VfsErrorCode }
  | { readonly delayMs: number }
  | { readonly misdirectBytes: number }
  | { readonly invertBit: number }

export interface FaultRule {
  readonly operation: FsOperation | readonly FsOperation[] | 'any'
  /** A part of the path, or a pattern; `rename` is matched by either of its paths. Default: every path. */
  readonly path?: string | RegExp
  /** Which of the calls that match operation and path, counted from 1 for each rule. Default: all. */
  readonly calls?: number | { readonly from: number; readonly to?: number }
  /** Chance of each such call; needs `random`. Default 1. */
  readonly probability?: number
  readonly fault: Fault
}

export interface FaultFsOptions {
  readonly rules?: readonly FaultRule[]
  /** For rules with a probability. */
  readonly random?: Random
  /** Waits; default: a real timer. */
  readonly delay?: (delayMs: number) => Promise<void>
  /**
   * After a failed `datasync` the bytes it should have written never reach the device, though reads still show them and
   * the next `datasync` succeeds: what Linux does. Needs files of `memFs` below. Default true.
   */
  readonly dropAfterFailedSync?: boolean
}

/** How often one operation was called on one path, failed calls included. */
export interface FaultSite {
  readonly operation: FsOperation
  readonly path: string
  readonly calls: number
}

export interface FaultFs extends Fs {
  /** Replaces the rules; their counts start at 0, those of the sites go on. */
  setRules(rules: readonly FaultRule[]): void
  /** All call sites so far, in the order of their first calls. */
  sites(): readonly FaultSite[]
  /** How many calls a rule changed so far. */
  readonly faultCount: number
}

/** `fs` with faults. The first rule that applies to a call decides. */
export function faultFs(fs: Fs, options: FaultFsOptions = {}): FaultFs {
  return new FaultingFs(fs, options)
}

/**
 * One rule for each of the first `firstCalls` calls of each site that a run without faults has met: run the same work
 * once under each of them.
 */
export function faultSweep(
  sites: readonly FaultSite[],
  options: { readonly firstCalls: number; readonly fault: Fault },
): FaultRule[] {
  const rules: FaultRule[] = []
  for (const site of sites) {
    const path = new RegExp(`^${site.path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
    for (let call = 1; call <= Math.min(site.calls, options.firstCalls); call++) {
      rules.push({ operation: site.operation, path, calls: call, fault: options.fault })
    }
  }
  return rules
}

interface ActiveRule {
  readonly rule: FaultRule
  matched: number
}

/** Decides which calls fail, and counts. */
class Faults {
  readonly dropAfterFailedSync: boolean
  readonly #random: Random | undefined
  readonly #delay: (delayMs: number) => Promise<void>
  readonly #sites = new Map<string, { readonly operation: FsOperation; readonly path: string; calls: number }>()
  #rules: ActiveRule[] = []
  faultCount = 0

  constructor(options: FaultFsOptions) {
    this.#random = options.random
    this.#delay = options.delay ?? wait
    this.dropAfterFailedSync = options.dropAfterFailedSync ?? true
    this.setRules(options.rules ?? [])
  }

  setRules(rules: readonly FaultRule[]): void {
    for (const rule of rules) {
      if (rule.probability !== undefined && this.#random === undefined) {
        throw new TypeError('vfs: a fault rule with a probability needs a random source')
      }
    }
    this.#rules = rules.map(rule => ({ rule, matched: 0 }))
  }

  sites(): readonly FaultSite[] {
    return [...this.#sites.values()].map(site => ({ ...site }))
  }

  /** Counts a call and returns its fault; an `error` fault is thrown here. */
  meet(operation: FsOperation, path: string, otherPath: string = path): Fault | undefined {
    const key = `${operation} ${path}`
    const site = this.#sites.get(key) ?? { operation, path, calls: 0 }
    site.calls++
    this.#sites.set(key, site)
    const fault = this.#decide(operation, path, otherPath)
    if (fault === undefined) return undefined
    this.faultCount++
    if ('error' in fault) throw new VfsError(fault.error, { operation, path }, { reason: 'injected fault' })
    return fault
  }

  /** `meet` for calls that can wait. */
  async meetLater(operation: FsOperation, path: string, otherPath: string = path): Promise<Fault | undefined> {
    const fault = this.meet(operation, path, otherPath)
    if (fault !== undefined && 'delayMs' in fault) await this.#delay(fault.delayMs)
    return fault
  }

  #decide(operation: FsOperation, path: string, otherPath: string): Fault | undefined {
    let chosen: Fault | undefined
    for (const active of this.#rules) {
      const { rule } = active
      if (!matchesOperation(rule, operation)) continue
      if (!matchesPath(rule, path) && !matchesPath(rule, otherPath)) continue
      active.matched++
      if (chosen !== undefined || !matchesCall(rule, active.matched)) continue
      if (rule.probability === undefined || this.#random?.chance(rule.probability) === true) chosen = rule.fault
    }
    return chosen
  }
}

function matchesOperation({ operation: wanted }: FaultRule, operation: FsOperation): boolean {
  return wanted === 'any' || wanted === operation || (typeof wanted !== 'string' && wanted.includes(operation))
}

function matchesPath({ path: wanted }: FaultRule, path: string): boolean {
  if (wanted === undefined) return true
  // `search` ignores the position that a sticky or global pattern keeps between calls.
  return typeof wanted === 'string' ? path.includes(wanted) : path.search(wanted) >= 0
}

function matchesCall({ calls }: FaultRule, call: number): boolean {
  if (calls === undefined) return true
  if (typeof calls === 'number') return call === calls
  return call >= calls.from && call <= (calls.to ?? Number.POSITIVE_INFINITY)
}

function wait(delayMs: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, delayMs))
}

class FaultingFs implements FaultFs {
  readonly #fs: Fs
  readonly #faults: Faults

  constructor(fs: Fs, options: FaultFsOptions) {
    this.#fs = fs
    this.#faults = new Faults(options)
  }

  setRules(rules: readonly FaultRule[]): void {
    this.#faults.setRules(rules)
  }

  sites(): readonly FaultSite[] {
    return this.#faults.sites()
  }

  get faultCount(): number {
    return this.#faults.faultCount
  }

  async open(path: string, options: OpenOptions): Promise<File> {
    await this.#faults.meetLater('open', path)
    return new FaultingFile(await this.#fs.open(path, options), this.#faults)
  }

  async readDir(path: string): Promise<string[]> {
    await this.#faults.meetLater('readDir', path)
    return this.#fs.readDir(path)
  }

  async makeDir(path: string, permissions?: number): Promise<void> {
    await this.#faults.meetLater('makeDir', path)
    return this.#fs.makeDir(path, permissions)
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    await this.#faults.meetLater('stat', path)
    return this.#fs.stat(path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#faults.meetLater('rename', from, to)
    return this.#fs.rename(from, to)
  }

  async remove(path: string): Promise<void> {
    await this.#faults.meetLater('remove', path)
    return this.#fs.remove(path)
  }

  async syncDir(path: string): Promise<void> {
    await this.#faults.meetLater('syncDir', path)
    return this.#fs.syncDir(path)
  }

  async freeBytes(path: string): Promise<number> {
    await this.#faults.meetLater('freeBytes', path)
    return this.#fs.freeBytes(path)
  }

  busyUntil(work: Promise<unknown>): void {
    this.#fs.busyUntil(work)
  }
}

/** Files of `memFs` can forget what was not synced. */
function dropUnsynced(file: File): void {
  if ('dropUnsynced' in file && typeof file.dropUnsynced === 'function') file.dropUnsynced()
}

class FaultingFile implements File {
  readonly #file: File
  readonly #faults: Faults

  constructor(file: File, faults: Faults) {
    this.#file = file
    this.#faults = faults
  }

  get path(): string {
    return this.#file.path
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const fault = await this.#faults.meetLater('read', this.path)
    const count = await this.#file.read(target, shifted(position, fault))
    if (fault !== undefined && 'invertBit' in fault) invertBit(target.subarray(0, count), fault.invertBit)
    return count
  }

  readSync(target: Uint8Array, position: number): number {
    const fault = this.#faults.meet('readSync', this.path)
    const count = this.#file.readSync(target, shifted(position, fault))
    if (fault !== undefined && 'invertBit' in fault) invertBit(target.subarray(0, count), fault.invertBit)
    return count
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const fault = await this.#faults.meetLater('write', this.path)
    await this.#file.write(changed(bytes, fault), shifted(position, fault))
    this.#failShort('write', bytes, fault)
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const fault = this.#faults.meet('writeSync', this.path)
    this.#file.writeSync(changed(bytes, fault), shifted(position, fault))
    this.#failShort('writeSync', bytes, fault)
  }

  #failShort(operation: FsOperation, bytes: Uint8Array, fault: Fault | undefined): void {
    if (fault === undefined || !('shortWriteBytes' in fault) || fault.shortWriteBytes >= bytes.length) return
    const reason = `injected fault: only ${fault.shortWriteBytes} of ${bytes.length} bytes written`
    throw new VfsError(fault.code ?? 'NO_SPACE', { operation, path: this.path }, { reason })
  }

  async datasync(): Promise<void> {
    try {
      await this.#faults.meetLater('datasync', this.path)
    } catch (error) {
      if (this.#faults.dropAfterFailedSync) dropUnsynced(this.#file)
      throw error
    }
    return this.#file.datasync()
  }

  async truncate(lengthBytes: number): Promise<void> {
    await this.#faults.meetLater('truncate', this.path)
    return this.#file.truncate(lengthBytes)
  }

  async allocate(lengthBytes: number): Promise<void> {
    await this.#faults.meetLater('allocate', this.path)
    return this.#file.allocate(lengthBytes)
  }

  async sizeBytes(): Promise<number> {
    await this.#faults.meetLater('sizeBytes', this.path)
    return this.#file.sizeBytes()
  }

  lock(): void {
    this.#faults.meet('lock', this.path)
    this.#file.lock()
  }

  /** The file is closed even if the call is told to fail: a handle that stays open would keep its lock for ever. */
  async close(): Promise<void> {
    try {
      await this.#faults.meetLater('close', this.path)
    } finally {
      await this.#file.close()
    }
  }
}

function shifted(position: number, fault: Fault | undefined): number {
  return fault !== undefined && 'misdirectBytes' in fault ? Math.max(0, position + fault.misdirectBytes) : position
}

function changed(bytes: Uint8Array, fault: Fault | undefined): Uint8Array {
  if (fault === undefined) return bytes
  if ('shortWriteBytes' in fault) return bytes.subarray(0, fault.shortWriteBytes)
  if (!('invertBit' in fault)) return bytes
  const copy = bytes.slice()
  invertBit(copy, fault.invertBit)
  return copy
}

function invertBit(bytes: Uint8Array, bit: number): void {
  if (bytes.length === 0) return
  const at = bit % (bytes.length * 8)
  const index = at >> 3
  bytes[index] = (bytes[index] as number) ^ (1 << (at & 7))
}
