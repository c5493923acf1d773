import { type Changed, type ConfChangeState, enterJoint, leaveJoint, simple } from '../confchange/changer.ts'
import { ConfChangeError } from '../confchange/errors.ts'
import { describeConfig, emptyConfig, sortedIds } from '../tracker/config.ts'
import { describeProgress, type Progress } from '../tracker/progress.ts'
import type { ProgressMap } from '../tracker/tracker.ts'
import { type ConfChangeSingle, ConfChangeType } from '../types.ts'
import { type Directive, onlyKeys, valuesOf } from './directive.ts'

const operations: Readonly<Record<string, ConfChangeType>> = {
  v: ConfChangeType.ConfChangeAddNode,
  l: ConfChangeType.ConfChangeAddLearnerNode,
  r: ConfChangeType.ConfChangeRemoveNode,
  u: ConfChangeType.ConfChangeUpdateNode,
}

/** The operations of `v1 l2 r3 u4` (voter, learner, removal, update; ids decimal). Throws `Error` with the wrong word. */
export function parseConfChanges(text: string): ConfChangeSingle[] {
  const words = text.trim().split(/\s+/)
  return words.filter(word => word !== '').map(parseOperation)
}

function parseOperation(word: string): ConfChangeSingle {
  const type = operations[word.charAt(0)]
  if (word.length < 2) throw new Error(`unknown token ${word}`)
  if (type === undefined) throw new Error(`unknown input: ${word}`)
  const digits = word.slice(1)
  if (!/^\d+$/.test(digits)) throw new Error(`no id: ${word}`)
  const nodeId = BigInt(digits)
  if (nodeId >= 1n << 64n) throw new Error(`no 64-bit id: ${word}`)
  return { type, nodeId }
}

/** One line for each member, ascending: `2: StateProbe match=0 next=1 learner`. */
export function describeProgressMap(progress: ProgressMap): string {
  const lines = sortedIds(progress.keys()).map(id => `${id}: ${describeProgress(progress.get(id) as Progress)}\n`)
  return lines.join('')
}

/**
 * A handler for one script of configuration changes. Commands: `simple`, `enter-joint [autoleave=true|false]`, both
 * with operations as input, and `leave-joint`. It prints the configuration and everyone's progress, or why the change
 * was refused. The last index of the log starts at 0 and rises by one with each directive.
 */
export function confChangeScript(): (directive: Directive) => string {
  let state: ConfChangeState = {
    config: emptyConfig,
    progress: new Map(),
    lastIndex: 0,
    inflightLimits: { sizeMax: 10, bytesMax: 0 },
  }
  return directive => {
    try {
      state = { ...state, ...change(state, directive) }
      return `${describeConfig(state.config)}\n${describeProgressMap(state.progress)}`
    } catch (error) {
      if (!(error instanceof ConfChangeError)) throw error
      return `${error.message}\n`
    } finally {
      state = { ...state, lastIndex: state.lastIndex + 1 }
    }
  }
}

function change(state: ConfChangeState, directive: Directive): Changed {
  const changes = parseConfChanges(directive.input)
  switch (directive.command) {
    case 'simple':
      onlyKeys(directive, [])
      return simple(state, changes)
    case 'enter-joint':
      onlyKeys(directive, ['autoleave'])
      return enterJoint(state, valuesOf(directive, 'autoleave')?.[0] === 'true', changes)
    case 'leave-joint':
      onlyKeys(directive, [])
      if (changes.length > 0) throw new Error('leave-joint takes no input')
      return leaveJoint(state)
    default:
      throw new Error(`unknown command ${directive.command}`)
  }
}
