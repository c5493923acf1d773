import { describeMessage } from '../describe.ts'
import { newMessage } from '../message.ts'
import { MessageType } from '../types.ts'
import { type Directive, onlyKeys, valuesOf } from './directive.ts'
import { firstId, idsOf, parseCount, parseId, positional, twoIds, typeOf } from './interaction-arguments.ts'
import type { ScriptCluster } from './interaction-cluster.ts'
import type { Handler } from './interaction-handler.ts'
import { addedNodes } from './interaction-options.ts'

/* Directives that let nodes work: their disks, their threads, the network. */

const addNodes: Handler = (cluster, directive) => {
  const [count, ...more] = positional(directive)
  if (more.length > 0) throw new Error(`add-nodes: what is ${more[0]}?`)
  cluster.addNodes(parseCount(count), addedNodes(directive))
}

const restart: Handler = (cluster, directive) => {
  const id = firstId(directive)
  cluster.forgetLocal(id)
  cluster.node(id).restart()
}

/** One node prints as it is; several come under a heading each. */
function forEachNode(what: string, work: (cluster: ScriptCluster, id: bigint) => void): Handler {
  return (cluster, directive) => {
    const ids = idsOf(directive)
    if (ids.length === 0) throw new Error(`${directive.command}: which node?`)
    for (const id of ids) {
      if (ids.length === 1) work(cluster, id)
      else {
        cluster.output.print(`> ${id} ${what}\n`)
        cluster.output.indented(() => work(cluster, id))
      }
    }
  }
}

const stabilize: Handler = (cluster, directive) => {
  const { output, nodes } = cluster
  const ids = idsOf(directive)
  onlyKeys(directive, [...positional(directive), 'log-level'])
  const before = output.level
  const level = valuesOf(directive, 'log-level')?.[0]
  if (level !== undefined) output.setLevel(level)
  try {
    cluster.stabilize(ids.length === 0 ? nodes : ids.map(id => cluster.node(id)))
  } finally {
    output.restoreLevel(before)
  }
}

const deliverMessages: Handler = (cluster, directive) => {
  onlyKeys(directive, [...positional(directive), 'type', 'drop'])
  const type = typeOf(directive)
  const dropped = (valuesOf(directive, 'drop') ?? []).map(parseId)
  const both = idsOf(directive).find(id => dropped.includes(id))
  if (both !== undefined) throw new Error(`can't both deliver and drop msgs to ${both}`)
  let count = 0
  for (const { key, values } of directive.args) {
    if (values.length === 0) count += cluster.deliver({ to: parseId(key), type, drop: false })
    else if (key === 'drop') for (const to of dropped) count += cluster.deliver({ to, type, drop: true })
  }
  if (count === 0) cluster.output.print('no messages\n')
}

const duplicateMessages: Handler = (cluster, directive) => {
  if (cluster.duplicate({ to: firstId(directive), type: typeOf(directive) }) === 0) {
    cluster.output.print('no messages\n')
  }
}

const sendSnapshot: Handler = (cluster, directive) => {
  const [from, to] = twoIds(directive)
  const { raft, storage } = cluster.node(from)
  const term = raft.basicStatus().hardState.term
  const message = newMessage({ type: MessageType.MsgSnap, from, to, term, snapshot: storage.snapshot() })
  cluster.send([message])
  cluster.output.print(describeMessage(message))
}

const logLevel: Handler = (cluster, directive: Directive) => cluster.output.setLevel(positional(directive)[0] ?? '')

export const workHandlers: Readonly<Record<string, Handler>> = {
  // A place to stop at with a debugger.
  _breakpoint: () => {},
  'add-nodes': addNodes,
  restart,
  'log-level': logLevel,
  'process-ready': forEachNode('handling Ready', (cluster, id) => cluster.processReady(id)),
  'process-append-thread': forEachNode('processing append thread', (cluster, id) =>
    cluster.processThread(id, 'append'),
  ),
  'process-apply-thread': forEachNode('processing apply thread', (cluster, id) => cluster.processThread(id, 'apply')),
  stabilize,
  'deliver-msgs': deliverMessages,
  'duplicate-msgs': duplicateMessages,
  'send-snapshot': sendSnapshot,
}
