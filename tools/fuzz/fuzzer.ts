import type { SeededRandom } from '@kvs/testing'
import { Coverage, type MeasuredCode } from './coverage.ts'
import { minimize } from './minimize.ts'
import { Mutator } from './mutator.ts'
import type { FuzzTarget } from './target.ts'

/** An input that takes longer than this, three times in a row, is a finding. */
const HANG_MS = 100
const HANG_TRIES = 3
/** Tries to make a finding smaller; those of a hang take long. */
const CRASH_SHRINKS = 2_000
const HANG_SHRINKS = 50
/** Runs between two looks at the coverage: few while there is much that is new, more and more when there is not. */
const MIN_BATCH = 64
const MAX_BATCH = 4_096
/** Inputs kept on disk for a new word alone. */
const MAX_WORD_INPUTS = 60
/** Inputs kept in memory. */
const MAX_CORPUS = 5_000

export interface Finding {
  readonly kind: 'crash' | 'hang'
  readonly message: string
  /** Made as small as it goes. */
  readonly input: Uint8Array
}

export interface FuzzReport {
  readonly executions: number
  readonly seconds: number
  /** Ranges of code reached, words returned. */
  readonly coverage: number
  readonly words: number
  readonly findings: readonly Finding[]
  /** Inputs that reach everything that was reached, smallest first. */
  readonly corpus: readonly Uint8Array[]
}

export interface FuzzOptions {
  readonly target: FuzzTarget
  readonly random: SeededRandom
  /** What was found earlier. */
  readonly corpus: readonly Uint8Array[]
  readonly seconds: number
  readonly measured: MeasuredCode
  /** Stop early after so many runs, for tests. */
  readonly maxExecutions?: number
  /** Told about every ten seconds. */
  readonly onProgress?: (line: string) => void
}

/** Runs a target on its corpus and on ever new inputs made of it. */
export function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  return new Fuzzer(options).run()
}

class Fuzzer {
  readonly #options: FuzzOptions
  readonly #target: FuzzTarget
  readonly #random: SeededRandom
  readonly #mutator: Mutator
  readonly #coverage: Coverage
  readonly #words = new Set<string>()
  readonly #corpus: Uint8Array[] = []
  /** Findings by their message: one of each. */
  readonly #findings = new Map<string, Finding>()
  #executions = 0
  #batchSize = MIN_BATCH
  #total = 0

  constructor(options: FuzzOptions) {
    this.#options = options
    this.#target = options.target
    this.#random = options.random
    this.#mutator = new Mutator(options.target, options.random)
    this.#coverage = new Coverage(options.measured)
  }

  async run(): Promise<FuzzReport> {
    const { seconds, corpus, maxExecutions = Number.POSITIVE_INFINITY, onProgress } = this.#options
    const startMs = performance.now()
    let saidMs = startMs
    this.#coverage.fresh()
    for (const input of [...this.#target.seeds(), ...corpus]) await this.#consider(input)
    if (this.#corpus.length === 0) this.#corpus.push(new Uint8Array(0))
    while (performance.now() - startMs < seconds * 1_000 && this.#executions < maxExecutions) {
      await this.#batch()
      if (performance.now() - saidMs < 10_000) continue
      saidMs = performance.now()
      onProgress?.(this.#describe(saidMs - startMs))
    }
    const took = (performance.now() - startMs) / 1_000
    const kept = await this.#smallCorpus()
    this.#coverage.stop()
    return {
      executions: this.#executions,
      seconds: took,
      coverage: this.#total,
      words: this.#words.size,
      findings: [...this.#findings.values()],
      corpus: kept,
    }
  }

  #describe(tookMs: number): string {
    const rate = Math.round((this.#executions / tookMs) * 1_000)
    return `${this.#executions} runs, ${rate}/s, ${this.#coverage.known.size} ranges, ${this.#words.size} words, corpus ${this.#corpus.length}, findings ${this.#findings.size}`
  }

  /** Many inputs, one look; only if they reached something new together is each looked at alone. */
  async #batch(): Promise<void> {
    const inputs: Uint8Array[] = []
    const worded: Uint8Array[] = []
    for (let i = 0; i < this.#batchSize; i++) {
      const input = this.#mutator.mutate(this.#pick(), this.#corpus)
      inputs.push(input)
      if (await this.#execute(input)) worded.push(input)
    }
    const fresh = this.#coverage.fresh()
    for (const input of worded) this.#keep(input)
    this.#batchSize =
      fresh.length === 0 ? Math.min(this.#batchSize * 2, MAX_BATCH) : Math.max(this.#batchSize >> 1, MIN_BATCH)
    if (fresh.length === 0) return
    await this.#search(inputs)
    // What depends on what ran before it is not found again, and not looked for again either.
    for (const key of fresh) this.#coverage.known.add(key)
  }

  /** Some of the inputs reach something new: halves, and halves of those that do. */
  async #search(inputs: readonly Uint8Array[]): Promise<void> {
    const [only] = inputs
    if (inputs.length === 1 && only !== undefined) {
      await this.#consider(only)
      return
    }
    const middle = inputs.length >> 1
    const left = inputs.slice(0, middle)
    const right = inputs.slice(middle)
    if (await this.#reachesNew(left)) {
      await this.#search(left)
      if (await this.#reachesNew(right)) await this.#search(right)
    } else await this.#search(right)
  }

  async #reachesNew(inputs: readonly Uint8Array[]): Promise<boolean> {
    for (const input of inputs) await this.#execute(input)
    return this.#coverage.fresh().length > 0
  }

  /** Younger inputs more often: they are where the new code is. */
  #pick(): Uint8Array {
    const { length } = this.#corpus
    const at = this.#random.chance(0.5)
      ? length - 1 - this.#random.below(Math.min(length, 32))
      : this.#random.below(length)
    return this.#corpus[at] as Uint8Array
  }

  /** Keeps an input if it alone reaches something new. */
  async #consider(input: Uint8Array): Promise<void> {
    const isNewWord = await this.#execute(input)
    const fresh = this.#coverage.fresh()
    if (fresh.length === 0 && !isNewWord) return
    for (const key of fresh) this.#coverage.known.add(key)
    this.#keep(input)
  }

  #keep(input: Uint8Array): void {
    if (this.#corpus.length >= MAX_CORPUS) this.#corpus.splice(this.#random.below(this.#corpus.length), 1)
    this.#corpus.push(input)
  }

  /** Runs an input; true if it ended in a word never heard before. */
  async #execute(input: Uint8Array): Promise<boolean> {
    this.#executions++
    const startMs = performance.now()
    let word: string
    try {
      const result = this.#target.run(input)
      word = typeof result === 'string' ? result : await result
    } catch (error) {
      await this.#crashed(input, error)
      return false
    }
    if (performance.now() - startMs > HANG_MS) await this.#late(input)
    if (this.#words.has(word)) return false
    this.#words.add(word)
    return true
  }

  async #crashed(input: Uint8Array, error: unknown): Promise<void> {
    const message = messageOf(error)
    if (this.#findings.has(message)) return
    const small = await minimize(
      input,
      async candidate => (await this.#failureOf(candidate)) === message,
      CRASH_SHRINKS,
    )
    this.#findings.set(message, { kind: 'crash', message, input: small })
  }

  async #failureOf(input: Uint8Array): Promise<string | undefined> {
    try {
      await this.#target.run(input)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** A pause of the collector hits once; an input that is slow is slow each time. */
  async #late(input: Uint8Array): Promise<void> {
    const message = `longer than ${HANG_MS} ms`
    if (this.#findings.has(message)) return
    for (let i = 0; i < HANG_TRIES; i++) if (!(await this.#isSlow(input))) return
    const small = await minimize(input, candidate => this.#isSlow(candidate), HANG_SHRINKS)
    this.#findings.set(message, { kind: 'hang', message, input: small })
  }

  async #isSlow(input: Uint8Array): Promise<boolean> {
    const startMs = performance.now()
    await this.#target.run(input)
    return performance.now() - startMs > HANG_MS
  }

  /** The corpus without what others reach as well: smallest first, each with new code or a new word. */
  async #smallCorpus(): Promise<Uint8Array[]> {
    const sorted = [...this.#corpus].sort((a, b) => a.length - b.length)
    const total = this.#coverage.known.size
    this.#coverage.known.clear()
    const words = new Set<string>()
    const forCode: Uint8Array[] = []
    const forWords: Uint8Array[] = []
    for (const input of sorted) {
      const word = await this.#wordOf(input)
      const fresh = this.#coverage.fresh()
      for (const key of fresh) this.#coverage.known.add(key)
      if (fresh.length > 0) forCode.push(input)
      else if (!words.has(word)) forWords.push(input)
      words.add(word)
    }
    this.#total = total
    return [...forCode, ...forWords.slice(0, MAX_WORD_INPUTS)]
  }

  async #wordOf(input: Uint8Array): Promise<string> {
    try {
      return await this.#target.run(input)
    } catch {
      return 'finding'
    }
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = /\n\s+at (?:async )?([^\s(]+)/.exec(error.stack ?? '')?.[1] ?? ''
  return `${error.name}: ${error.message.replace(/\d+/g, 'N')} (${place})`
}
