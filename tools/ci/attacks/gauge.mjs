// @ts-check
// Loaded into the server before its own code: on SIGUSR2 it collects garbage and writes what the process holds and how late its
// loop was since the last time into the file that KVS_GAUGE_FILE names.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

const file = process.env['KVS_GAUGE_FILE']
/** Lateness below the resolution is not seen. */
const RESOLUTION_MS = 5

if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc')
  const collect = /** @type {() => void} */ (runInNewContext('gc'))
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let answers = 0
  process.on('SIGUSR2', () => {
    const lateMs = delay.max / 1e6
    const late99Ms = delay.percentile(99) / 1e6
    // What the first finds no longer used is given back by the second.
    collect()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const heldMib = (heapUsed + external) / 1_048_576
    const answer = { answers: ++answers, lateMs, late99Ms, heldMib, cpuMs: (user + system) / 1_000 }
    writeFileSync(`${file}.tmp`, JSON.stringify(answer))
    renameSync(`${file}.tmp`, file)
    delay.reset()
  })
}
