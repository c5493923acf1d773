import { RaftHttpError } from '@kvs/rafthttp'
import type { PeerParts } from './parts.ts'

const unreachable = (): Promise<never> => Promise.reject(new RaftHttpError('UNREACHABLE', 'this member has no network'))

/** For a member that is alone, and stays so: nobody reaches it, and it reaches nobody. */
export const noPeers: PeerParts = {
  wire: { openLink: unreachable, request: unreachable, close: () => {} },
  makeHash: () => {
    throw new RaftHttpError('UNREACHABLE', 'a member that has no network sends no snapshots')
  },
  serve: () => {},
}
