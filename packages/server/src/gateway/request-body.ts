import { JsonValues } from './json-values.ts'

/** The JSON values of a body, one after the other, as they come. */
export class RequestValues {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #values: JsonValues
  #ended = false

  /** No value may be longer than `maxBytes`. */
  constructor(body: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#pieces = body[Symbol.asyncIterator]()
    this.#values = new JsonValues(maxBytes)
  }

  /** The next value; undefined at the end. Rejects with `JsonError`. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const value = this.#values.next()
      if (value !== undefined) return value
      if (this.#ended) return undefined
      const piece = await this.#pieces.next()
      if (piece.done === true) {
        this.#ended = true
        return this.#values.finish()
      }
      this.#values.push(piece.value)
    }
  }

  /** Reads on without looking, so that the connection can be used again. Rejects if the client goes away. */
  async drop(): Promise<void> {
    while (!this.#ended) this.#ended = (await this.#pieces.next()).done === true
  }
}
