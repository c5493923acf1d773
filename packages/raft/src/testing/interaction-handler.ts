import type { StepResult } from '../raft.ts'
import type { Directive } from './directive.ts'
import type { ScriptCluster } from './interaction-cluster.ts'

/** Serves one command of a cluster script; what it prints goes to the output of the cluster. */
export type Handler = (cluster: ScriptCluster, directive: Directive) => void

/** The node did not take what a directive proposed. The text is shown. */
export class ProposalDropped extends Error {
  override readonly name: string = 'ProposalDropped'

  constructor() {
    super(proposalDropped)
  }
}

/** Text of the answer `dropped`. */
export const proposalDropped = 'raft proposal dropped'

/** Throws `ProposalDropped` for the answer `dropped`. */
export function mustAccept(result: StepResult): void {
  if (result === 'dropped') throw new ProposalDropped()
}
