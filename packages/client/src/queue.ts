/** Items on their way from callbacks to one `for await` loop. */
export class Queue<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = []
  #head = 0
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }[] = []
  #ended = false
  #error: Error | undefined
  readonly #onTaken: () => void
  readonly #onReturn: () => void

  /** `onTaken` is called after each item that was taken, `onReturn` when the loop is left early. */
  constructor({ onTaken = () => {}, onReturn = () => {} }: { onTaken?: () => void; onReturn?: () => void } = {}) {
    this.#onTaken = onTaken
    this.#onReturn = onReturn
  }

  /** Items that wait. */
  get length(): number {
    return this.#items.length - this.#head
  }

  get ended(): boolean {
    return this.#ended
  }

  push(item: T): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#items.push(item)
      return
    }
    waiting.resolve({ done: false, value: item })
    this.#onTaken()
  }

  /** No more items. What waits can still be taken; then the loop ends, or throws `error`. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const waiting of this.#waiting) this.#finish(waiting)
    this.#waiting = []
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.length > 0) {
        resolve({ done: false, value: this.#take() })
        this.#onTaken()
      } else if (this.#ended) this.#finish({ resolve, reject })
      else this.#waiting.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<T>> {
    this.#items.length = 0
    this.#head = 0
    this.#error = undefined
    this.end()
    this.#onReturn()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** An error is thrown once; who asks again is told that there is nothing more. */
  #finish(waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }): void {
    const error = this.#error
    this.#error = undefined
    if (error === undefined) waiting.resolve({ done: true, value: undefined })
    else waiting.reject(error)
  }

  #take(): T {
    const item = this.#items[this.#head++] as T
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return item
  }
}
