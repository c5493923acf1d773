import { describeEntries, raftStateName } from '../describe.ts'
import { goQuote } from '../quote.ts'
import { stateOf } from '../raft-node.ts'
import { describeProgressMap } from './confchange-script.ts'
import { firstId, parseCount, parseId, positional } from './interaction-arguments.ts'
import type { ScriptCluster } from './interaction-cluster.ts'
import type { Handler } from './interaction-handler.ts'

/* Directives that look, and `compact`, which shows what it left. */

function printLog(cluster: ScriptCluster, id: bigint): void {
  const { storage } = cluster.node(id)
  const first = storage.firstIndex()
  const last = storage.lastIndex()
  if (last < first) cluster.output.print(`log is empty: first index=${first}, last index=${last}`)
  else cluster.output.print(describeEntries(storage.entries(first, last + 1, Number.POSITIVE_INFINITY)))
}

const raftLog: Handler = (cluster, directive) => printLog(cluster, firstId(directive))

const compact: Handler = (cluster, directive) => {
  const [node, index] = positional(directive)
  const id = parseId(node ?? '')
  cluster.node(id).storage.compact(parseCount(index))
  printLog(cluster, id)
}

const raftState: Handler = cluster => {
  for (const { id, raft } of cluster.nodes) {
    const { hardState, softState, config } = raft.status()
    const role = config.incoming.has(id) || config.outgoing.has(id) ? '(Voter)' : '(Non-Voter)'
    const state = raftStateName(softState.raftState)
    cluster.output.print(`${id}: ${state} ${role} Term:${hardState.term} Lead:${softState.lead}\n`)
  }
}

/** Only a leader knows how far the others are. */
const status: Handler = (cluster, directive) => {
  const { state, tracker } = stateOf(cluster.node(firstId(directive)).raft)
  if (state === 'leader') cluster.output.print(describeProgressMap(tracker.progress))
}

const stateMachine: Handler = (cluster, directive) => {
  const { data, metadata } = cluster.node(firstId(directive)).storage.snapshot()
  cluster.output.print(`applied=${metadata.index} data=${goQuote(data)}\n`)
}

export const inspectionHandlers: Readonly<Record<string, Handler>> = {
  'raft-log': raftLog,
  compact,
  'raft-state': raftState,
  status,
  'state-machine': stateMachine,
}
