import { FailpointError } from './error.ts'
import {
  type BlockingFailpoint,
  type FailpointName,
  failpointNames,
  failpointPlaces,
  isFailpoint,
  type WaitingFailpoint,
} from './names.ts'
import { type Condition, parseTerms, type Term, type TermValue } from './terms.ts'

/** What failpoints act upon. */
export interface FailpointParts {
  /** Calls back once, after so many milliseconds. */
  readonly setTimer: (delayMs: number, callback: () => void) => unknown
  /** Holds the whole process up. */
  readonly block: (durationMs: number) => void
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Ends the process on the spot, without any cleaning up. */
  readonly crash: (line: string) => never
  readonly print: (line: string) => void
}

/** A failpoint that is set. */
interface Setting {
  readonly text: string
  readonly terms: readonly { readonly term: Term; readonly conditions: readonly (() => boolean)[] }[]
  /** How often a term has acted. */
  count: number
}

/**
 * Failpoints: named places in a member where a test can hold it up, fail an operation or end the process, steered while it
 * runs. Where they stand is in `names.ts`, what they can do in `terms.ts`. A member without them asks nobody.
 */
export class Failpoints {
  readonly #parts: FailpointParts
  readonly #settings = new Map<FailpointName, Setting>()

  constructor(parts: FailpointParts) {
    this.#parts = parts
  }

  /** What every failpoint is set to, in the order of names; empty where it is off. */
  list(): readonly { readonly name: FailpointName; readonly terms: string }[] {
    return failpointNames.toSorted().map(name => ({ name, terms: this.#settings.get(name)?.text ?? '' }))
  }

  /** Reads a setting; what is returned puts it into force. Throws `FailpointError` (`UNKNOWN`, `BAD_TERMS`). */
  prepare(name: string, text: string): () => void {
    const known = knownName(name)
    const terms = parseTerms(text).map(term => ({ term, conditions: term.conditions.map(each => this.#check(each)) }))
    return () => this.#settings.set(known, { text, terms, count: 0 })
  }

  /** Throws `FailpointError` (`UNKNOWN`, `BAD_TERMS`). */
  set(name: string, text: string): void {
    this.prepare(name, text)()
  }

  /** What it is set to, and how often it has acted since. Throws `FailpointError` (`UNKNOWN`, `OFF`). */
  status(name: string): { readonly terms: string; readonly count: number } {
    const setting = this.#settings.get(knownName(name))
    if (setting === undefined) throw off()
    return { terms: setting.text, count: setting.count }
  }

  /** Turns a failpoint off. Who sleeps there sleeps on. Throws `FailpointError` (`UNKNOWN`, `OFF`). */
  remove(name: string): void {
    if (!this.#settings.delete(knownName(name))) throw off()
  }

  /** Whether it may act at all. */
  isSet(name: FailpointName): boolean {
    return this.#settings.has(name)
  }

  /**
   * The process has come to this place. Undefined: it goes on at once; otherwise when the promise resolves, with the text
   * of the failure that is to happen, if there is to be one.
   */
  wait(name: WaitingFailpoint): Promise<string | undefined> | undefined {
    const term = this.#next(name)
    if (term === undefined) return undefined
    if (term.action === 'sleep') {
      return new Promise(resolve => this.#parts.setTimer(term.durationMs, () => resolve(undefined)))
    }
    const text = this.#act(name, term)
    return text === undefined ? undefined : Promise.resolve(text)
  }

  /** The process has come to this place, and goes on when this returns. */
  block(name: BlockingFailpoint): void {
    const term = this.#next(name)
    if (term === undefined) return
    if (term.action === 'sleep') this.#parts.block(term.durationMs)
    else this.#act(name, term)
  }

  #next(name: FailpointName): Term | undefined {
    const setting = this.#settings.get(name)
    const found = setting?.terms.find(({ conditions }) => conditions.every(holds => holds()))
    if (setting === undefined || found === undefined) return undefined
    setting.count++
    return found.term
  }

  /** Returns the text of a failure. */
  #act(name: FailpointName, term: Term): string | undefined {
    if (term.action === 'print') this.#parts.print(`failpoint print: ${name}`)
    if (term.action === 'panic') {
      const more = term.value === undefined ? '' : `: ${String(term.value)}`
      this.#parts.crash(`panic: failpoint panic: ${name}${more}`)
    }
    if (term.action !== 'return' || failpointPlaces[name].fails !== true) return undefined
    if (typeof term.value === 'string') return term.value
    const got = `value ${JSON.stringify(term.value) ?? '{}'} of type "${goType(term.value)}"`
    this.#parts.print(`failpoint: "${name}" got ${got} but expected type "string"`)
    return undefined
  }

  #check(condition: Condition): () => boolean {
    if ('chance' in condition) return () => this.#parts.random() < condition.chance
    let left = condition.times
    return () => left-- > 0
  }
}

function goType(value: TermValue): string {
  if (typeof value === 'number') return 'int'
  return typeof value === 'boolean' ? 'bool' : 'struct {}'
}

/** Older etcds have the path of the package before the name. */
function knownName(said: string): FailpointName {
  const name = said.slice(said.lastIndexOf('/') + 1)
  if (!isFailpoint(name)) throw new FailpointError('UNKNOWN', 'failpoint does not exist')
  return name
}

const off = (): FailpointError => new FailpointError('OFF', 'failpoint is disabled')

/**
 * Settings as `GOFAIL_FAILPOINTS` has them: `name=terms`, joined by `;`. Throws `FailpointError` (`BAD_TERMS`) for what
 * is of another form.
 */
export function parseSettings(text: string): readonly { readonly name: string; readonly terms: string }[] {
  return [...text.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^;])+/gs)].map(([setting]) => {
    const at = setting.indexOf('=')
    if (at < 1) throw new FailpointError('BAD_TERMS', `bad failpoint ${JSON.stringify(setting)}`)
    return { name: setting.slice(0, at), terms: setting.slice(at + 1) }
  })
}
