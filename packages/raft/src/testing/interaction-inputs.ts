import { stateOf } from '../raft-node.ts'
import { type ConfChange, ConfChangeTransition, type ConfChangeV2 } from '../types.ts'
import { parseConfChanges } from './confchange-script.ts'
import { type Directive, onlyKeys, valuesOf } from './directive.ts'
import {
  bytesOf,
  firstId,
  idOfKey,
  parseCount,
  parseFlag,
  parseId,
  positional,
  twoIds,
} from './interaction-arguments.ts'
import { type Handler, mustAccept } from './interaction-handler.ts'
import { electionTick, heartbeatTick } from './interaction-node.ts'

/* Directives that put something to one node: time, proposals, requests, reports. */

const noBytes = new Uint8Array(0)

const campaign: Handler = (cluster, directive) => cluster.node(firstId(directive)).raft.campaign()

function ticking(ticks: number): Handler {
  return (cluster, directive) => {
    const { raft } = cluster.node(firstId(directive))
    for (let i = 0; i < ticks; i++) raft.tick()
  }
}

const tickQuiesced: Handler = (cluster, directive) => {
  const [id, ticks] = positional(directive)
  const { raft } = cluster.node(parseId(id ?? ''))
  for (let i = parseCount(ticks); i > 0; i--) raft.tickQuiesced()
}

const setTimeout: Handler = (cluster, directive) => {
  const timeout = parseCount(valuesOf(directive, 'timeout')?.[0])
  stateOf(cluster.node(firstId(directive)).raft).randomizedElectionTimeout = timeout
}

/** The last of two words: the bytes of a proposal or of a request. */
function payloadOf(directive: Directive): Uint8Array {
  const [, text, ...more] = positional(directive)
  if (text === undefined || more.length > 0) throw new Error(`${directive.command}: expected a node and a word`)
  return bytesOf(text)
}

const propose: Handler = (cluster, directive) => {
  mustAccept(cluster.node(firstId(directive)).raft.propose([payloadOf(directive)]))
}

const proposeConfChange: Handler = (cluster, directive) => {
  mustAccept(cluster.node(firstId(directive)).raft.proposeConfChange(changeOf(directive)))
}

const transitions: Readonly<Record<string, ConfChangeTransition>> = {
  auto: ConfChangeTransition.ConfChangeTransitionAuto,
  implicit: ConfChangeTransition.ConfChangeTransitionJointImplicit,
  explicit: ConfChangeTransition.ConfChangeTransitionJointExplicit,
}

function changeOf(directive: Directive): ConfChange | ConfChangeV2 {
  const [id] = positional(directive)
  onlyKeys(directive, [id ?? '', 'v1', 'transition'])
  const name = valuesOf(directive, 'transition')?.[0] ?? 'auto'
  const transition = transitions[name]
  if (transition === undefined) throw new Error(`unknown transition ${name}`)
  const changes = parseConfChanges(directive.input)
  if (!parseFlag(valuesOf(directive, 'v1')?.[0] ?? 'false')) return { transition, changes, context: noBytes }
  const [change, ...more] = changes
  if (change === undefined || more.length > 0 || name !== 'auto') {
    throw new Error('a v1 change is one operation and has no transition')
  }
  return { ...change, context: noBytes, id: 0n }
}

const transferLeadership: Handler = (cluster, directive) => {
  onlyKeys(directive, ['from', 'to'])
  cluster.node(idOfKey(directive, 'from')).raft.transferLeader(idOfKey(directive, 'to'))
}

const forgetLeader: Handler = (cluster, directive) => cluster.node(firstId(directive)).raft.forgetLeader()

const readIndex: Handler = (cluster, directive) => {
  cluster.node(firstId(directive)).raft.readIndex(payloadOf(directive))
}

const reportUnreachable: Handler = (cluster, directive) => {
  const [on, other] = twoIds(directive)
  cluster.node(on).raft.reportUnreachable(other)
}

const reportSnapshot: Handler = (cluster, directive) => {
  const [on, other] = twoIds(directive)
  const outcome = valuesOf(directive, 'outcome')?.[0]
  if (outcome !== 'finished' && outcome !== 'failed') throw new Error('outcome is neither finished nor failed')
  cluster.node(on).raft.reportSnapshot(other, outcome)
}

export const inputHandlers: Readonly<Record<string, Handler>> = {
  campaign,
  'tick-election': ticking(electionTick),
  'tick-heartbeat': ticking(heartbeatTick),
  'tick-quiesced': tickQuiesced,
  'set-randomized-election-timeout': setTimeout,
  propose,
  'propose-conf-change': proposeConfChange,
  'transfer-leadership': transferLeadership,
  'forget-leader': forgetLeader,
  'read-index': readIndex,
  'report-unreachable': reportUnreachable,
  'report-snapshot': reportSnapshot,
}
