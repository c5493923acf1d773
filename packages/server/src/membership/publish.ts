import { formatId } from '@kvs/membership'
import { encodeClusterMemberAttrSetRequest } from '@kvs/proto/membership'
import { OwnProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import type { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { OperationField } from '../requests/entry.ts'

/**
 * Tells the cluster this member's name and client URLs; resolves when that is applied here. A member serves clients only
 * afterwards. What fails is tried again until the member stops.
 */
export async function publish(member: Pick<Member, 'clock' | 'id' | 'logger' | 'options' | 'propose'>): Promise<void> {
  const { name, advertiseClientUrls: clientUrls } = member.options
  const attributes = encodeClusterMemberAttrSetRequest({
    memberId: member.id,
    memberAttributes: { name, clientUrls },
  })
  for (;;) {
    const refusal = await proposed(member, attributes)
    if (refusal === undefined) return
    if (refusal.code === 'STOPPED') throw refusal
    member.logger.warn('failed to publish local member to cluster through raft', {
      'local-member-id': formatId(member.id),
      error: refusal.message,
    })
    // Who has much to catch up refuses at once, and gets nowhere while it is asked again without a pause.
    await new Promise<void>(resolve => member.clock.setTimer(limits.publishRetryMs, resolve))
  }
}

function proposed(member: Pick<Member, 'clock' | 'propose'>, attributes: Uint8Array): Promise<Refusal | undefined> {
  return new Promise(resolve => {
    const waiter = { applied: () => resolve(undefined), refused: (refusal: Refusal) => resolve(refusal) }
    const proposal = new OwnProposal(member.clock.now(), waiter)
    member.propose(OperationField.clusterMemberAttrSet, attributes, 0, attributes.length, proposal)
  })
}
