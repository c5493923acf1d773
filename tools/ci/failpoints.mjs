// @ts-check
// Processes that end at each of their failpoints, with reduced counts and a fixed seed. The full figures: npm run proof --
// failpoints.
import { ensureInstall } from '../run/ensure-install.mjs'
import { checkProofs } from './end-to-end/proofs.mjs'
import { Suite } from './end-to-end/suite.mjs'

await ensureInstall()
const suite = new Suite()
await checkProofs(suite, [['failpoints', '--rounds', '1', '--cluster-rounds', '1']])
process.exitCode = suite.conclude()
