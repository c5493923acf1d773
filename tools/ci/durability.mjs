// @ts-check
// Durability with reduced counts and fixed seeds: kills, real power cuts, a disk that fails at every kind of call, flipped
// bits. The full figures: npm run proof -- kill, power-cuts, eio, bit-flips.
// apt: gcc libc6-dev e2fsprogs
import { ensureInstall } from '../run/ensure-install.mjs'
import { checkProofs } from './end-to-end/proofs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** Each takes half a minute at most, alone on two cores. */
const runs = [
  ['kill', '--kills', '8', '--clients', '50'],
  ['power-cuts', '--cuts', '8', '--first-cuts', '4', '--unsafe-cuts', '3'],
  ['eio', '--calls', '30', '--every', '45'],
  ['bit-flips', '--flips', '1000'],
]

await ensureInstall()
const suite = new Suite()
await checkProofs(suite, runs)
process.exitCode = suite.conclude()
