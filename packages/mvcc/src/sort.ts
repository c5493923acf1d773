/** Sorts places by a comparison in slices: a stable merge sort that gives way. */

const runLength = 16
/** Comparisons between two yields: some 2 ms. */
const sliceCompares = 16_384

/** Sorts the places `0 … length - 1` by `compare`; equal ones keep their order. */
export function* sortPlaces(
  length: number,
  compare: (left: number, right: number) => number,
): Generator<undefined, Uint32Array> {
  let from = new Uint32Array(length)
  for (let place = 0; place < length; place++) from[place] = place
  let to = new Uint32Array(length)
  let worked = 0
  for (let start = 0; start < length; start += runLength) {
    worked += insertionSort(from, start, Math.min(start + runLength, length), compare)
    if (worked < sliceCompares) continue
    worked = 0
    yield undefined
  }
  for (let width = runLength; width < length; width *= 2) {
    for (let start = 0; start < length; start += width * 2) {
      yield* merge(from, to, { start, middle: Math.min(start + width, length), end: start + width * 2 }, compare)
    }
    const swap = from
    from = to
    to = swap
  }
  return from
}

function insertionSort(
  places: Uint32Array,
  start: number,
  end: number,
  compare: (left: number, right: number) => number,
): number {
  let compares = 0
  for (let at = start + 1; at < end; at++) {
    const place = places[at]!
    let target = at
    while (target > start && ++compares > 0 && compare(places[target - 1]!, place) > 0) {
      places[target] = places[target - 1]!
      target--
    }
    places[target] = place
  }
  return compares
}

function* merge(
  from: Uint32Array,
  to: Uint32Array,
  run: { readonly start: number; readonly middle: number; readonly end: number },
  compare: (left: number, right: number) => number,
): Generator<undefined, void> {
  const end = Math.min(run.end, from.length)
  let left = run.start
  let right = run.middle
  for (let at = run.start; at < end; at++) {
    const takeLeft = left < run.middle && (right >= end || compare(from[left]!, from[right]!) <= 0)
    to[at] = takeLeft ? from[left++]! : from[right++]!
    if ((at + 1) % sliceCompares === 0) yield undefined
  }
}
