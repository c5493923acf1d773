/** What the program touches of the machine; `bin/kvsctl.ts` gives the real ones. */
export interface CtlIo {
  /** Arguments without the program's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to stdout or stderr; text is UTF-8. */
  out(chunk: string | Uint8Array): void
  err(chunk: string | Uint8Array): void
  /** Standard input as a whole, or line by line (without line ends). */
  readInput(): Promise<Uint8Array>
  readLines(): AsyncIterator<string> & AsyncIterable<string>
  /** Asks on the terminal without showing what is typed. */
  askSecret(prompt: string): Promise<string>
  /** Aborts when the user interrupts the program (SIGINT, SIGTERM). */
  readonly interrupted: AbortSignal
}
