import type { Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import type { CtlIo } from '../io.ts'
import { type Format, formatNamed } from './print.ts'

/** What `kvsutl` touches of the machine besides the files that it is for; `bin/kvsutl.ts` gives the real ones. */
export type UtlIo = Pick<CtlIo, 'args' | 'out' | 'err'>

/** One run of the program: its settings and its output. */
export class UtlSession {
  readonly #io: UtlIo
  readonly #flags: Flags

  constructor(io: UtlIo, flags: Flags) {
    this.#io = io
    this.#flags = flags
  }

  /** How long to wait for a member that uses the files; 0: for ever. */
  get timeoutMs(): number {
    return this.#flags.durationMs('timeout')
  }

  /** The format that was asked for. Throws `CtlError` (`badFeature`) if there is none of that name. */
  format(): Format {
    const name = this.#flags.text('write-out')
    const format = formatNamed(name)
    if (format === undefined) throw new CtlError('badFeature', 'unsupported output format')
    return format
  }

  lines(lines: readonly string[]): void {
    this.#io.out(lines.map(line => `${line}\n`).join(''))
  }

  errorLine(text: string): void {
    this.#io.err(`${text}\n`)
  }

  /** Progress, as etcdutl logs it: time, level, text and fields, with tabs between them. */
  log(text: string, fields: Readonly<Record<string, unknown>>): void {
    const time = new Date().toISOString().replace(/\.\d+/, '')
    this.errorLine([time, 'info', text, JSON.stringify(fields)].join('\t'))
  }
}
