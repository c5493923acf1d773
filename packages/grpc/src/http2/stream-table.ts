import type { Http2Stream } from './stream.ts'

const firstPlaces = 8
const placesMax = 256

/**
 * Open streams by id. Ids rise and most streams end soon, so each has a place in a ring; one that is still open when its
 * place is needed again moves to a map.
 *
 * A map alone would do, but for the collector: V8 replaces the table behind a map every few deletions, and each old table
 * leads to the next. Once a collection has kept one of them, all that follow, with the streams that were in them, live
 * until the next major collection.
 */
export class StreamTable {
  size = 0
  #ring: (Http2Stream | undefined)[] = new Array(firstPlaces).fill(undefined)
  readonly #late = new Map<number, Http2Stream>()

  get(id: number): Http2Stream | undefined {
    const stream = this.#ring[this.#placeOf(id)]
    return stream?.id === id ? stream : this.#late.get(id)
  }

  /** Adds a stream with an id higher than all before. */
  add(stream: Http2Stream): void {
    if (this.#ring[this.#placeOf(stream.id)] !== undefined) this.#makeRoom(stream.id)
    this.#ring[this.#placeOf(stream.id)] = stream
    this.size++
  }

  delete(id: number): void {
    const place = this.#placeOf(id)
    if (this.#ring[place]?.id === id) {
      this.#ring[place] = undefined
      this.size--
    } else if (this.#late.delete(id)) this.size--
  }

  /** All, by id. */
  values(): Http2Stream[] {
    const streams = [...this.#late.values()]
    for (const stream of this.#ring) if (stream !== undefined) streams.push(stream)
    return streams.sort((a, b) => a.id - b.id)
  }

  clear(): void {
    this.#ring = new Array(firstPlaces).fill(undefined)
    this.#late.clear()
    this.size = 0
  }

  /** Ids of one side are all odd or all even. */
  #placeOf(id: number): number {
    return (id >>> 1) & (this.#ring.length - 1)
  }

  #makeRoom(id: number): void {
    while (this.size * 2 >= this.#ring.length && this.#ring.length < placesMax) this.#grow()
    const place = this.#placeOf(id)
    const old = this.#ring[place]
    if (old !== undefined) this.#late.set(old.id, old)
    this.#ring[place] = undefined
  }

  /** In a ring twice as large no two streams come together that stood apart. */
  #grow(): void {
    const before = this.#ring
    this.#ring = new Array(before.length * 2).fill(undefined)
    for (const stream of before) if (stream !== undefined) this.#ring[this.#placeOf(stream.id)] = stream
  }
}
