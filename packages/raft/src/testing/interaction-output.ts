import type { Logger } from '../config.ts'

const levels: readonly string[] = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE']

/**
 * What a directive prints: the lines of its handler and of the nodes' logs, in the order they come. Level NONE silences
 * both, the others only log lines below them.
 */
export class ScriptOutput implements Logger {
  #level = 0
  #text = ''

  get isQuiet(): boolean {
    return levels[this.#level] === 'NONE'
  }

  /** Index of the present level, to restore it by `restoreLevel`. */
  get level(): number {
    return this.#level
  }

  restoreLevel(level: number): void {
    this.#level = level
  }

  /** Sets the level by its name, in any case. Throws `Error` for another name. */
  setLevel(name: string): void {
    const level = levels.indexOf(name.toUpperCase())
    if (level < 0) throw new Error(`log levels must be either of [${levels.join(' ')}]`)
    this.#level = level
  }

  /** Returns what was printed since the last call. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  print(text: string): void {
    if (!this.isQuiet) this.#text += text
  }

  /** Runs `action`; what it prints comes indented by two spaces, each line with its end. */
  indented(action: () => void): void {
    const before = this.take()
    try {
      action()
    } finally {
      const lines = this.take().split('\n')
      if (lines.at(-1) === '') lines.pop()
      this.#text = before + lines.map(line => `  ${line}\n`).join('')
    }
  }

  debug(message: string): void {
    this.#log(0, message)
  }

  info(message: string): void {
    this.#log(1, message)
  }

  warning(message: string): void {
    this.#log(2, message)
  }

  error(message: string): void {
    this.#log(3, message)
  }

  #log(level: number, message: string): void {
    if (level >= this.#level) this.print(`${levels[level]} ${message}\n`)
  }
}
