// @ts-check
// Real processes in networks that break, with reduced counts and a fixed seed. The full figures: npm run proof --
// cluster-faults, failover.
// apt: iproute2
import { ensureInstall } from '../run/ensure-install.mjs'
import { checkProofs } from './end-to-end/proofs.mjs'
import { Suite } from './end-to-end/suite.mjs'

await ensureInstall()
const suite = new Suite()
await checkProofs(suite, [['cluster-faults', '--kills', '3', '--faults', '4']])
process.exitCode = suite.conclude()
