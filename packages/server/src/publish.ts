import { encodeClusterMemberAttrSetRequest, encodeClusterVersionSetRequest } from '@kvs/proto/membership'
import type { Member } from './edge/member.ts'
import { OperationField } from './entry.ts'
import type { Refusal } from './errors.ts'
import { clusterVersion } from './version.ts'
import { OwnProposal } from './waiting.ts'

/**
 * Tells the cluster this member's name and client URLs and, once, which version it runs at; resolves when that is
 * applied. A member serves clients only afterwards.
 */
export async function publish(member: Member): Promise<void> {
  const { name, advertiseClientUrls: clientUrls } = member.options
  const attributes = encodeClusterMemberAttrSetRequest({
    memberId: member.id,
    memberAttributes: { name, clientUrls },
  })
  const first = proposed(member, OperationField.clusterMemberAttrSet, attributes)
  const version = encodeClusterVersionSetRequest({ ver: clusterVersion })
  const isDecided = member.state.cluster.version === clusterVersion
  const second = isDecided ? undefined : proposed(member, OperationField.clusterVersionSet, version)
  await Promise.all([first, second])
}

function proposed(member: Member, field: OperationField, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter = { applied: () => resolve(), refused: (refusal: Refusal) => reject(refusal) }
    member.propose(field, body, 0, body.length, new OwnProposal(member.clock.now(), waiter))
  })
}
