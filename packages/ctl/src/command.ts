/** What a command is: the table from which parsing, help and running are made. */
import type { Session } from './session.ts'

export interface Flag {
  readonly name: string
  readonly short?: string
  readonly kind: 'bool' | 'string' | 'int' | 'uint' | 'duration' | 'list'
  /** As it would be typed; bools: `true` or `false`. */
  readonly value: string
  readonly help: string
  /** A command line without it is refused. */
  readonly isRequired?: boolean
}

/** `Context` is what it works with: settings and output, in `kvsctl` also the client. */
export interface Command<Context = Session> {
  readonly name: string
  readonly summary: string
  /** How arguments are shown, such as `<key> [range_end]`. */
  readonly usage?: string
  readonly examples?: readonly string[]
  readonly flags?: readonly Flag[]
  readonly children?: readonly Command<Context>[]
  readonly run?: (context: Context, args: readonly string[], flags: Flags) => Promise<void>
}

/** The flags of one command line. Asking for one that the command does not have is a mistake of ours. */
export interface Flags {
  bool(name: string): boolean
  text(name: string): string
  /** Beyond ±(2^53 − 1) the flag is refused. */
  int(name: string): number
  durationMs(name: string): number
  list(name: string): readonly string[]
  /** Whether it was given, by flag or environment. */
  given(name: string): boolean
  /** Whether it was given on the command line. */
  typed(name: string): boolean
}
