import type { Directive } from './directive.ts'
import { ScriptCluster } from './interaction-cluster.ts'
import type { Handler } from './interaction-handler.ts'
import { ProposalDropped } from './interaction-handler.ts'
import { inputHandlers } from './interaction-inputs.ts'
import { inspectionHandlers } from './interaction-inspection.ts'
import { workHandlers } from './interaction-work.ts'

const handlers: ReadonlyMap<string, Handler> = new Map(
  Object.entries({ ...workHandlers, ...inputHandlers, ...inspectionHandlers }),
)

/**
 * A handler for one script of a cluster: nodes that do nothing but what the script says, and messages that arrive when
 * the script says so. It prints what each directive made the nodes do and log, `ok` if that is nothing.
 *
 * Directives (ids are decimal and consecutive from 1):
 *
 *   add-nodes N [voters=(..) learners=(..) index= content= and options of a node]
 *   log-level DEBUG|INFO|WARN|ERROR|FATAL|NONE
 *   campaign ID · tick-election ID · tick-heartbeat ID · tick-quiesced ID TICKS · set-randomized-election-timeout ID timeout=
 *   propose ID DATA · propose-conf-change ID [v1=true] [transition=auto|implicit|explicit] with operations as input
 *   transfer-leadership from= to= · forget-leader ID · read-index ID CONTEXT
 *   report-unreachable ID OTHER · report-snapshot ID OTHER outcome=finished|failed · send-snapshot FROM TO · compact ID INDEX
 *   process-ready IDS · process-append-thread IDS · process-apply-thread IDS · restart ID
 *   deliver-msgs IDS [type=MsgX] [drop=(..)] · duplicate-msgs ID [type=MsgX] · stabilize [IDS] [log-level=]
 *   raft-log ID · raft-state · status ID · state-machine ID · _breakpoint (does nothing)
 *
 * It throws `Error` for a script that cannot be read; what raft refuses is printed.
 */
export function interactionScript(): (directive: Directive) => string {
  const cluster = new ScriptCluster()
  return directive => {
    const handler = handlers.get(directive.command)
    if (handler === undefined) throw new Error(`unknown command ${directive.command}`)
    let refused = ''
    try {
      handler(cluster, directive)
    } catch (error) {
      if (!(error instanceof ProposalDropped)) throw error
      refused = error.message
    }
    // Errors are shown even where everything else is silenced.
    const text = cluster.output.take() + refused
    return text === '' ? 'ok' : text
  }
}
