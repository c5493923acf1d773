import type { TransportContext } from './context.ts'
import { RaftHttpError, texts } from './errors.ts'
import { formatPeerId } from './headers.ts'
import type { WireReply } from './wire.ts'

const decoder = new TextDecoder()

/** The text of an answer, without the newline at its end. */
export function textOf(reply: { readonly body: Uint8Array }): string {
  return decoder.decode(reply.body).replace(/\n$/, '')
}

/** Throws what a peer means that did not take a message or a snapshot; logs what etcd logs. */
export function checkPostReply(context: TransportContext, reply: WireReply, to: bigint, where: string): void {
  const peer = formatPeerId(to)
  const text = textOf(reply)
  switch (reply.status) {
    case 204:
      return
    case 403:
      throw new RaftHttpError('REMOVED', texts.removed, { status: 403 })
    case 412:
      if (text === texts.incompatibleVersion) {
        context.logger.error('request sent was ignored by peer', { 'remote-peer-id': peer })
        throw new RaftHttpError('INCOMPATIBLE_VERSION', text, { status: 412 })
      }
      if (text === texts.clusterIdMismatch) {
        context.logger.error('request sent was ignored due to cluster ID mismatch', {
          'remote-peer-id': peer,
          'remote-peer-cluster-id': reply.header('x-etcd-cluster-id') ?? '',
          'local-member-cluster-id': formatPeerId(context.local.clusterId),
        })
        throw new RaftHttpError('CLUSTER_ID_MISMATCH', text, { status: 412 })
      }
      throw new RaftHttpError('REFUSED', `unhandled error ${JSON.stringify(text)} when precondition failed`, {
        status: 412,
      })
    default: {
      const shown = text === '' ? '' : ` (${text.slice(0, 200)})`
      const message = `unexpected http status ${reply.status} while posting to "${where}"${shown}`
      throw new RaftHttpError('REFUSED', message, { status: reply.status })
    }
  }
}
