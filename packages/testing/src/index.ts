/**
 * What tests of kvs packages share, and what tests of other distributed programs can use: seeded chance and virtual time.
 *
 * ```ts
 * const random = new SeededRandom(7)
 * const clock = new VirtualClock()
 * clock.setTimer(random.between(10, 20), () => console.log('fired at', clock.now()))
 * clock.advance(20)
 * ```
 */

export type { Script, ScriptArgument, ScriptCase, ScriptErrorCode, ScriptMismatch, ScriptResult } from './script.ts'
export {
  argumentValue,
  argumentValues,
  describeMismatch,
  parseScript,
  positionalArguments,
  runScript,
  runScriptAsync,
  ScriptError,
  settleScript,
} from './script.ts'
export { SeededRandom } from './seeded-random.ts'
export { VirtualClock } from './virtual-clock.ts'
