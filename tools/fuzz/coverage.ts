import { Session } from 'node:inspector'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface ScriptCoverage {
  readonly url: string
  readonly functions: readonly { readonly ranges: readonly Range[] }[]
}

/** Which code counts. */
export interface MeasuredCode {
  isScript(url: string): boolean
  /** Whether the function that begins at this offset counts. */
  isPlace(offset: number): boolean
}

/** The parts of a bundle that came from these folders; the bundler writes a line with the path above each module. */
export function measuredParts(bundle: string, isMeasured: (path: string) => boolean): MeasuredCode['isPlace'] {
  const begins: number[] = []
  const counts: boolean[] = []
  for (const match of bundle.matchAll(/^\/\/ (\S+\.(?:[cm]?js|ts))$/gm)) {
    begins.push(match.index)
    counts.push(isMeasured(match[1] as string))
  }
  return offset => {
    let low = 0
    let high = begins.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((begins[middle] as number) <= offset) low = middle + 1
      else high = middle
    }
    return low > 0 && counts[low - 1] === true
  }
}

/** A range of source as one number. Scripts are shorter than this. */
const MAX_OFFSET = 2 ** 26

const keyOf = ({ startOffset, endOffset }: Range): number => startOffset * MAX_OFFSET + endOffset

/**
 * Which code ran since the last look: V8's own block coverage, through the inspector of this process. A look costs
 * milliseconds, so inputs are run in batches between two of them.
 *
 * V8 tells of the blocks of a function that ran which did not run; a block that ran as often as its function is not mentioned.
 * So a block is known once it was passed by, and reached when its function runs and it is not among those passed by.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #measured: MeasuredCode
  /** Functions and blocks that count as reached. */
  readonly known = new Set<number>()
  /** Blocks that were passed by at some time, by the start of their function. */
  readonly #blocks = new Map<number, Map<number, Range>>()

  constructor(measured: MeasuredCode) {
    this.#measured = measured
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** What was reached since the last look and is not in `known`; it is not added to it. */
  fresh(): number[] {
    const fresh: number[] = []
    for (const { url, functions } of this.#take()) {
      if (!this.#measured.isScript(url)) continue
      for (const { ranges } of functions) {
        const [whole] = ranges
        if (whole === undefined || whole.count === 0 || !this.#measured.isPlace(whole.startOffset)) continue
        this.#look(whole, ranges, fresh)
      }
    }
    return fresh
  }

  #look(whole: Range, ranges: readonly Range[], fresh: number[]): void {
    const key = keyOf(whole)
    if (!this.known.has(key)) fresh.push(key)
    const passedBy = ranges.filter(({ count }) => count === 0)
    let blocks = this.#blocks.get(whole.startOffset)
    if (blocks === undefined) {
      blocks = new Map()
      this.#blocks.set(whole.startOffset, blocks)
    }
    for (const [block, { startOffset, endOffset }] of blocks) {
      if (this.known.has(block)) continue
      if (!passedBy.some(range => range.startOffset <= startOffset && endOffset <= range.endOffset)) fresh.push(block)
    }
    for (const range of passedBy) blocks.set(keyOf(range), range)
  }

  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  #take(): readonly ScriptCoverage[] {
    let taken: readonly ScriptCoverage[] = []
    // Within one process the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      taken = answer.result
    })
    return taken
  }
}
