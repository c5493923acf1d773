import { localAppendThread, localApplyThread } from '../config.ts'
import { describeMessage } from '../describe.ts'
import { RaftError } from '../errors.ts'
import type { Message, MessageType } from '../types.ts'
import { proposalDropped } from './interaction-handler.ts'
import { ScriptNode } from './interaction-node.ts'
import type { AddedNodes } from './interaction-options.ts'
import { ScriptOutput } from './interaction-output.ts'

/** Which messages to take off the network. */
interface Selection {
  readonly to: bigint
  readonly type: MessageType | undefined
  readonly drop: boolean
}

/** The nodes of a script, the messages on their way between them, and what is printed. */
export class ScriptCluster {
  readonly output: ScriptOutput = new ScriptOutput()
  readonly nodes: ScriptNode[] = []
  #messages: Message[] = []

  /** Ids are consecutive from 1. */
  addNodes(count: number, { options, snapshot }: AddedNodes): void {
    for (let i = 0; i < count; i++) {
      const id = BigInt(this.nodes.length + 1)
      this.nodes.push(new ScriptNode({ id, options, output: this.output, snapshot }))
    }
  }

  node(id: bigint): ScriptNode {
    const node = this.nodes[Number(id) - 1]
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  /** Puts messages on their way. */
  send(messages: readonly Message[]): void {
    this.#messages.push(...messages)
  }

  /** Puts copies of messages behind all that are on their way. Returns their number. */
  duplicate(selection: Omit<Selection, 'drop'>): number {
    const copies = this.#messages.filter(message => isSelected(message, { ...selection, drop: true }))
    for (const message of copies) this.output.print(`${describeMessage(message)}\n`)
    this.send(copies)
    return copies.length
  }

  /** Forgets what was to come from the local threads of a node that restarts. */
  forgetLocal(id: bigint): void {
    this.#messages = this.#messages.filter(message => message.to !== id || !isLocal(message))
  }

  hasMessagesFor(id: bigint): boolean {
    return this.#messages.some(({ to }) => to === id)
  }

  /** Delivers or drops, in order. Returns the number of messages. */
  deliver(selection: Selection): number {
    const selected = this.#messages.filter(message => isSelected(message, selection))
    this.#messages = this.#messages.filter(message => !selected.includes(message))
    for (const message of selected) {
      this.output.print(`${selection.drop ? 'dropped: ' : ''}${describeMessage(message)}\n`)
      if (!selection.drop) this.#step(message)
    }
    return selected.length
  }

  #step(message: Message): void {
    try {
      if (this.node(message.to).raft.step(message) === 'dropped') this.output.print(`${proposalDropped}\n`)
    } catch (error) {
      if (!(error instanceof RaftError)) throw error
      this.output.print(`${error.message}\n`)
    }
  }

  processReady(id: bigint): void {
    this.send(this.node(id).processReady())
  }

  processThread(id: bigint, thread: 'append' | 'apply'): void {
    this.send(this.node(id).processThread(thread))
  }

  /** Lets `nodes` work until there is nothing more to do for them. */
  stabilize(nodes: readonly ScriptNode[]): void {
    for (let busy = true; busy; ) {
      busy = false
      const round = (what: string, isDue: (node: ScriptNode) => boolean, work: (node: ScriptNode) => void): void => {
        for (const node of nodes) {
          if (!isDue(node)) continue
          busy = true
          this.output.print(`> ${node.id} ${what}\n`)
          work(node)
        }
      }
      const indented = (action: () => void): void => this.output.indented(action)
      round(
        'handling Ready',
        ({ raft }) => raft.hasReady(),
        ({ id }) => indented(() => this.processReady(id)),
      )
      round(
        'receiving messages',
        ({ id }) => this.hasMessagesFor(id),
        ({ id }) => indented(() => this.deliver({ to: id, type: undefined, drop: false })),
      )
      round(
        'processing append thread',
        node => node.hasAppendWork,
        node => {
          while (node.hasAppendWork) indented(() => this.processThread(node.id, 'append'))
        },
      )
      round(
        'processing apply thread',
        node => node.hasApplyWork,
        node => {
          while (node.hasApplyWork) indented(() => this.processThread(node.id, 'apply'))
        },
      )
    }
  }
}

/** What a node tells itself does not go over the network, so it cannot be lost or doubled. */
function isLocal({ from, to }: Message): boolean {
  const isThread = (id: bigint): boolean => id === localAppendThread || id === localApplyThread
  return from === to || isThread(from) || isThread(to)
}

function isSelected(message: Message, { to, type, drop }: Selection): boolean {
  return message.to === to && !(drop && isLocal(message)) && (type === undefined || message.type === type)
}
