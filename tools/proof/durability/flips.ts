/** One bit flipped in a member's files, and what the next start makes of it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { allBuckets, type ServerParts } from '@kvs/server'
import { decodeSnapFile, encodeSnapFile, loadNewestSnap, type SnapEvent } from '@kvs/snap'
import { SeededRandom } from '@kvs/testing'
import { type MemFs, memFs } from '@kvs/vfs'
import { type Corpus, corpusOptions, type Ending, everything, makeCorpus } from './corpus.ts'
import { dataDir, MemoryMember } from './memory-member.ts'

/** Nothing here is about what survives, so the state file may lie in memory. */
const memoryFolder = '/dev/shm'

/**
 * What is hit: `log` and `state` after a kill and after an orderly stop; `structure`: the part of the state file by which
 * LMDB finds its way, its first two pages and the heads of all others, which random bits seldom meet.
 */
export const targets = ['log', 'stopped log', 'state', 'stopped state', 'structure', 'snapshot'] as const
export type Target = (typeof targets)[number]

/**
 * `harmless`: every answer is as it was. `refused`: the start fails and names file and place. `set aside`: a damaged
 * snapshot is reported, renamed, and an older one is taken. All else is wrong.
 */
export interface Verdict {
  readonly outcome: 'harmless' | 'refused' | 'set aside' | 'wrong'
  readonly message: string
}

/** Something whose bits can be flipped. */
export interface Victim {
  /** Bytes that can be hit, of all files together. */
  readonly sizeBytes: number
  judge(bit: number): Promise<Verdict>
  close(): Promise<void>
}

export function makeVictim(target: Target, seed: number): Promise<Victim> {
  const ending: Ending = target.startsWith('stopped') ? 'stopped' : 'killed'
  if (target === 'snapshot') return SnapshotVictim.make(seed)
  if (target.endsWith('log')) return LogVictim.make(seed, ending)
  return StateVictim.make(seed, target === 'structure' ? 'stopped' : ending, target === 'structure')
}

/** Starts a member on files with a flipped bit, and compares everything it says. */
async function start(
  fs: MemFs,
  { truth }: Corpus,
  isNamed: (message: string) => boolean,
  openBackend?: ServerParts['openBackend'],
): Promise<Verdict> {
  let member: MemoryMember
  try {
    const parts = { fs, seed: 7, options: corpusOptions }
    member = await MemoryMember.start(openBackend === undefined ? parts : { ...parts, openBackend })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { outcome: isNamed(message) && !message.includes('\n') ? 'refused' : 'wrong', message }
  }
  try {
    const found = await everything(member.connect())
    if (found === truth) return { outcome: 'harmless', message: '' }
    return { outcome: 'wrong', message: `answers differ: ${firstDifference(found, truth)}` }
  } catch (error) {
    return { outcome: 'wrong', message: `it serves and fails: ${String(error)}` }
  } finally {
    await member.stop()
  }
}

function firstDifference(found: string, wanted: string): string {
  const lines = wanted.split('\n')
  const at = found.split('\n').findIndex((line, place) => line !== lines[place])
  return `${found.split('\n')[at]?.slice(0, 80)} instead of ${lines[at]?.slice(0, 80)}`
}

/** The segments of the log, one behind the other. */
class LogVictim implements Victim {
  readonly sizeBytes: number
  readonly #corpus: Corpus
  readonly #files: readonly { readonly path: string; readonly sizeBytes: number }[]

  private constructor(corpus: Corpus, files: readonly { readonly path: string; readonly sizeBytes: number }[]) {
    this.#corpus = corpus
    this.#files = files
    this.sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  static async make(seed: number, ending: Ending): Promise<Victim> {
    const corpus = await makeCorpus(seed, ending)
    const dir = `${dataDir}/member/wal`
    const names = (await corpus.disk.readDir(dir)).filter(name => name.endsWith('.wal'))
    const files = await Promise.all(
      names.map(async name => {
        const path = `${dir}/${name}`
        return { path, sizeBytes: (await corpus.disk.stat(path))?.sizeBytes ?? 0 }
      }),
    )
    return new LogVictim(corpus, files)
  }

  judge(bit: number): Promise<Verdict> {
    let position = bit >> 3
    const file = this.#files.find(({ sizeBytes }) => {
      if (position < sizeBytes) return true
      position -= sizeBytes
      return false
    })
    if (file === undefined) throw new Error(`no bit ${bit}`)
    const disk = this.#corpus.disk.afterCrash({ mode: 'keep-all' })
    disk.corrupt(file.path, { position, mask: 1 << (bit & 7) })
    return start(disk, this.#corpus, message => /in file '.*\.wal' at position: \d+/.test(message))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** The state file of LMDB, a real one. */
class StateVictim implements Victim {
  readonly sizeBytes: number
  readonly #folder: string
  readonly #corpus: Corpus
  readonly #bytes: Uint8Array
  readonly #isStructureOnly: boolean
  #count = 0

  private constructor(folder: string, corpus: Corpus, bytes: Uint8Array, isStructureOnly: boolean) {
    this.#folder = folder
    this.#corpus = corpus
    this.#bytes = bytes
    this.#isStructureOnly = isStructureOnly
    this.sizeBytes = isStructureOnly ? 2 * pageBytes + (bytes.length / pageBytes - 2) * headBytes : bytes.length
  }

  static async make(seed: number, ending: Ending, isStructureOnly: boolean): Promise<Victim> {
    const folder = mkdtempSync(join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), 'kvs-flips-'))
    const path = join(folder, 'db')
    const corpus = await makeCorpus(seed, ending, () => openLmdb({ path, buckets: allBuckets }))
    // LMDB wants a real disk, the member wants to see on its own that the state file is there.
    const file = await corpus.disk.open(`${dataDir}/member/snap/db`, { mode: 'create' })
    await file.close()
    return new StateVictim(folder, corpus, readFileSync(path), isStructureOnly)
  }

  async judge(bit: number): Promise<Verdict> {
    // A name of its own each time: LMDB knows the files that it has open by their names.
    const path = join(this.#folder, `flipped-${++this.#count}`)
    const bytes = Uint8Array.from(this.#bytes)
    const at = this.#offsetOf(bit >> 3)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
    writeFileSync(path, bytes)
    const open = (): ReturnType<typeof openLmdb> => openLmdb({ path, buckets: allBuckets })
    const disk = this.#corpus.disk.afterCrash({ mode: 'keep-all' })
    const verdict = await start(
      disk,
      this.#corpus,
      message => message.includes(path) && /position \d+/.test(message),
      open,
    )
    rmSync(path)
    rmSync(`${path}-lock`, { force: true })
    return verdict
  }

  /** The offset in the file of a byte that can be hit. */
  #offsetOf(byte: number): number {
    if (!this.#isStructureOnly || byte < 2 * pageBytes) return byte
    const behind = byte - 2 * pageBytes
    return (2 + Math.floor(behind / headBytes)) * pageBytes + (behind % headBytes)
  }

  close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
    return Promise.resolve()
  }
}

const pageBytes = 4096
/** Of a page, what leads LMDB on: its head, and the places of its first records. */
const headBytes = 64

/** The newest of two `.snap` files. */
class SnapshotVictim implements Victim {
  readonly sizeBytes: number
  readonly #disk: MemFs
  readonly #newest: string
  readonly #bytes: Uint8Array

  private constructor(disk: MemFs, newest: string, bytes: Uint8Array) {
    this.#disk = disk
    this.#newest = newest
    this.#bytes = bytes
    this.sizeBytes = bytes.length
  }

  static async make(seed: number): Promise<Victim> {
    const disk = memFs()
    await disk.makeDir('/snap')
    const random = new SeededRandom(seed)
    const confState = { voters: [0x8e9e05c52164694dn], learners: [7n] }
    let bytes: Uint8Array = new Uint8Array(0)
    for (const index of [100, 200]) {
      const data = new TextEncoder().encode(`{"Root":{"Path":"/","Value":"${random.bytes(500).join()}"}}`)
      bytes = encodeSnapFile({ data, metadata: { index, term: 2, confState } })
      const file = await disk.open(`/snap/0000000000000002-${index.toString(16).padStart(16, '0')}.snap`, {
        mode: 'create',
      })
      await file.write(bytes, 0)
      await file.close()
    }
    return new SnapshotVictim(disk, '0000000000000002-00000000000000c8.snap', bytes)
  }

  async judge(bit: number): Promise<Verdict> {
    const disk = this.#disk.afterCrash({ mode: 'keep-all' })
    disk.corrupt(`/snap/${this.#newest}`, { position: bit >> 3, mask: 1 << (bit & 7) })
    const events: SnapEvent[] = []
    const snapshot = await loadNewestSnap({ fs: disk, dir: '/snap', onEvent: event => events.push(event) })
    const [event] = events
    if (event?.type === 'snap-broken' && event.file === this.#newest && snapshot.metadata?.index === 100) {
      return { outcome: 'set aside', message: event.reason }
    }
    const wanted = decodeSnapFile(this.#bytes)
    const isSame = Buffer.compare(encodeSnapFile(snapshot), encodeSnapFile(wanted)) === 0
    return { outcome: isSame ? 'harmless' : 'wrong', message: isSame ? '' : 'another snapshot' }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
