import { formatPeerId, paths } from './headers.ts'

/** The two streams of each direction: a leader's appends have one of their own, or heartbeats would wait behind them. */
export interface StreamKind {
  /** Last but one part of its path. */
  readonly segment: 'message' | 'msgapp'
  /** As logs call it. */
  readonly title: string
  /** As logs call the queue. */
  readonly queue: string
}

export const messageStream: StreamKind = { segment: 'message', title: 'stream Message', queue: 'streamMsg' }
export const appendStream: StreamKind = { segment: 'msgapp', title: 'stream MsgApp v2', queue: 'streamMsgAppV2' }

/** Where the member `from` asks for a stream: the path carries the id of who dials, and reads. */
export function streamPath(kind: StreamKind, from: bigint): string {
  return `${paths.stream}/${kind.segment}/${formatPeerId(from)}`
}

/** The stream with this segment in its path. */
export function streamKindOf(segment: string): StreamKind | undefined {
  return [messageStream, appendStream].find(kind => kind.segment === segment)
}
