import { formatId, parseVersion, type Version } from '@kvs/membership'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import { version } from '../version.ts'

/** What each member of the cluster runs; undefined for one that does not answer. */
export function versionsOfMembers(member: Member): Promise<readonly (Version | undefined)[]> {
  const { id, logger, peerClient, state } = member
  return Promise.all(
    state.cluster.members.map(async ({ id: other, peerUrls }) => {
      if (other === id) return parseVersion(version)
      try {
        return serverVersionIn(await peerClient.version(peerUrls, { timeoutMs: limits.versionTimeoutMs }))
      } catch (error) {
        if (!(error instanceof RaftHttpError)) throw error
        logger.warn('failed to get version', { 'remote-member-id': formatId(other), error: error.message })
        return undefined
      }
    }),
  )
}

function serverVersionIn(text: string): Version | undefined {
  try {
    const { etcdserver } = JSON.parse(text) as { readonly etcdserver?: unknown }
    return typeof etcdserver === 'string' ? parseVersion(etcdserver) : undefined
  } catch {
    return undefined
  }
}
