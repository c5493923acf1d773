import { flags } from './flag-table.ts'
import type { FlagValue } from './flag-values.ts'

/** What was said, by flag; who asks for a flag that was not gets its default. */
export class Values {
  readonly #said: ReadonlyMap<string, FlagValue>

  constructor(said: ReadonlyMap<string, FlagValue>) {
    this.#said = said
  }

  isSaid(name: string): boolean {
    return this.#said.has(name)
  }
  text(name: string): string {
    return this.#value(name) as string
  }
  number(name: string): number {
    return this.#value(name) as number
  }
  boolean(name: string): boolean {
    return this.#value(name) as boolean
  }
  list(name: string): readonly string[] {
    return this.#value(name) as readonly string[]
  }

  #value(name: string): FlagValue {
    const flag = flags[name]
    if (flag === undefined) throw new TypeError(`there is no flag ${name}`)
    return this.#said.get(name) ?? flag.fallback
  }
}
