import { decodeMember, type Member } from '@kvs/membership'
import { decodeClusterMemberAttrSetRequest, decodeClusterVersionSetRequest } from '@kvs/proto/membership'
import { type ConfChange, ConfChangeType } from '@kvs/raft'
import type { ClusterState } from '../cluster-state.ts'
import type { Operation } from './operation.ts'

export const clusterVersionSet: Operation = {
  name: 'ClusterVersionSet',
  apply(state, data, entry, waiter) {
    state.cluster.setVersion(decodeClusterVersionSetRequest(data, entry.start, entry.end).ver)
    waiter?.applied(undefined)
    return undefined
  },
}

/** A member says its name and where its clients find it. What a member that is gone says is passed over. */
export const clusterMemberAttrSet: Operation = {
  name: 'ClusterMemberAttrSet',
  apply(state, data, entry, waiter) {
    const request = decodeClusterMemberAttrSetRequest(data, entry.start, entry.end)
    const member = state.cluster.member(request.memberId)
    if (member !== undefined && request.memberAttributes !== undefined) {
      const { name, clientUrls } = request.memberAttributes
      state.cluster.saveMember({ ...member, name, clientUrls })
    }
    waiter?.applied(undefined)
    return undefined
  },
}

/** Makes a committed configuration change in the member records. What raft makes of it is raft's affair. */
export function applyConfChange(cluster: ClusterState, change: ConfChange): void {
  switch (change.type) {
    case ConfChangeType.ConfChangeAddNode:
    case ConfChangeType.ConfChangeAddLearnerNode:
      cluster.saveMember(memberOf(change))
      break
    case ConfChangeType.ConfChangeRemoveNode:
      cluster.removeMember(change.nodeId)
      break
    case ConfChangeType.ConfChangeUpdateNode: {
      const present = cluster.member(change.nodeId)
      if (present !== undefined) cluster.saveMember({ ...present, peerUrls: memberOf(change).peerUrls })
      break
    }
  }
}

const memberOf = (change: ConfChange): Member => decodeMember(new TextDecoder().decode(change.context))
