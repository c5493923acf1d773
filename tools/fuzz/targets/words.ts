import { type FuzzTarget, mustHold } from '../target.ts'

/** Bytes of text. */
export const text = (words: string): Uint8Array => new TextEncoder().encode(words)

/** The word for a refusal by an error of a kind that callers know; anything else is thrown on. */
export function refused(error: unknown, ...kinds: readonly string[]): string {
  if (!(error instanceof Error) || !kinds.includes(error.name)) throw error
  const { code } = error as { readonly code?: unknown }
  mustHold(error.message !== '', 'an error without a word')
  return `${error.name} ${code ?? error.message.replace(/[^a-z]+/gi, ' ').slice(0, 24)}`
}

/** A target that reads text, and refuses it with errors of these kinds. */
export function textTarget(options: {
  readonly name: string
  readonly maxBytes?: number
  readonly words: readonly string[]
  readonly seeds: readonly string[]
  readonly kinds: readonly string[]
  /** What became of it, in a word. */
  readonly read: (text: string) => string | Promise<string>
}): FuzzTarget {
  return {
    name: options.name,
    maxBytes: options.maxBytes ?? 2048,
    dictionary: options.words.map(text),
    seeds: () => options.seeds.map(text),
    async run(input) {
      try {
        return await options.read(Buffer.from(input).toString())
      } catch (error) {
        return refused(error, ...options.kinds)
      }
    },
  }
}
