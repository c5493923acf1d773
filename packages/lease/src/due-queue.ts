/** What can be due. Set `dueMs`, then tell the queue by `update`. */
export interface DueItem {
  /** `undefined`: never. */
  dueMs: number | undefined
  /** The time under which the queue has it; the queue's own. */
  queuedMs: number | undefined
}

/**
 * A binary heap in which putting an item off, which renewing a lease is, costs nothing: the queue keeps the time it knew
 * and looks again when that comes up. An item may stand in it several times; only the entry with `queuedMs` counts.
 */
export class DueQueue<Item extends DueItem> {
  readonly #items: Item[] = []
  readonly #times: number[] = []
  /** Entries that no longer count. */
  #staleCount = 0

  /** Entries, those that no longer count included. */
  get size(): number {
    return this.#items.length
  }

  /** Takes note of a new `dueMs`. */
  update(item: Item): void {
    const { dueMs, queuedMs } = item
    if (queuedMs !== undefined) {
      if (dueMs !== undefined && dueMs >= queuedMs) return
      item.queuedMs = undefined
      this.#staleCount++
      if (this.#staleCount > 64 && this.#staleCount * 2 > this.#items.length) this.#sweep()
    }
    if (dueMs !== undefined) this.#push(item, dueMs)
  }

  /** When the next item is due; undefined if there is none. */
  nextMs(): number | undefined {
    this.#settle()
    return this.#times[0]
  }

  /** Takes the next item if it is due at `nowMs`. */
  popDue(nowMs: number): Item | undefined {
    this.#settle()
    const time = this.#times[0]
    if (time === undefined || time > nowMs) return undefined
    const item = this.#items[0]!
    item.queuedMs = undefined
    this.#removeTop()
    return item
  }

  clear(): void {
    for (const item of this.#items) item.queuedMs = undefined
    this.#items.length = 0
    this.#times.length = 0
    this.#staleCount = 0
  }

  /** Removes and puts off at the top until it tells the truth. */
  #settle(): void {
    while (this.#items.length > 0) {
      const item = this.#items[0]!
      const time = this.#times[0]!
      if (item.queuedMs !== time) {
        this.#removeTop()
        this.#staleCount--
      } else if (item.dueMs! > time) {
        item.queuedMs = item.dueMs
        this.#times[0] = item.dueMs!
        this.#down(0)
      } else return
    }
  }

  #push(item: Item, dueMs: number): void {
    item.queuedMs = dueMs
    this.#items.push(item)
    this.#times.push(dueMs)
    this.#up(this.#items.length - 1)
  }

  #removeTop(): void {
    const item = this.#items.pop()!
    const time = this.#times.pop()!
    if (this.#items.length === 0) return
    this.#items[0] = item
    this.#times[0] = time
    this.#down(0)
  }

  #sweep(): void {
    const kept = this.#items.filter((item, at) => item.queuedMs === this.#times[at])
    this.clear()
    for (const item of new Set(kept)) this.#push(item, item.dueMs!)
  }

  #up(from: number): void {
    const items = this.#items
    const times = this.#times
    const item = items[from]!
    const time = times[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (times[parent]! <= time) break
      items[at] = items[parent]!
      times[at] = times[parent]!
      at = parent
    }
    items[at] = item
    times[at] = time
  }

  #down(from: number): void {
    const items = this.#items
    const times = this.#times
    const item = items[from]!
    const time = times[from]!
    const count = items.length
    let at = from
    while (true) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && times[child + 1]! < times[child]!) child++
      if (times[child]! >= time) break
      items[at] = items[child]!
      times[at] = times[child]!
      at = child
    }
    items[at] = item
    times[at] = time
  }
}
