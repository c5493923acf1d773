import type { FuzzTarget } from '../target.ts'

/** Breaks on one word of 2^40; only who sees how far an input comes finds it. */
export const plantedTarget: FuzzTarget = {
  name: 'planted',
  maxBytes: 16,
  dictionary: [],
  seeds: () => [new Uint8Array(8)],
  run(input) {
    if (input[0] === 0x66) {
      if (input[1] === 0x75) {
        if (input[2] === 0x7a) {
          if (input[3] === 0x7a) {
            if (input[4] === 0x21) throw new RangeError(`found ${input.length}`)
          }
        }
      }
    }
    return 'fine'
  },
}

let wasSlow = false

/** Slow on inputs that begin with 1, and once for no reason. */
export const slowTarget: FuzzTarget = {
  ...plantedTarget,
  run(input) {
    if (input[0] === 1 || !wasSlow) for (const end = performance.now() + 105; performance.now() < end; );
    wasSlow = true
    return String(input[0] === 1)
  },
}
