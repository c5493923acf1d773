import type { Snapshot } from '@kvs/proto/raft'

/** `snapshot index=13 term=2 voters=[667880157b8812c8] 7076 bytes`. Ids are in hexadecimal, as in logs. */
export function describeSnap(snapshot: Snapshot): string {
  const { metadata, data } = snapshot
  if (metadata === undefined) return `snapshot without metadata, ${data.length} bytes`
  const { index, term, confState } = metadata
  const parts = [`snapshot index=${index} term=${term}`]
  const lists = [
    ['voters', confState?.voters ?? []],
    ['learners', confState?.learners ?? []],
    ['outgoing', confState?.votersOutgoing ?? []],
    ['learners-next', confState?.learnersNext ?? []],
  ] as const
  for (const [name, ids] of lists) {
    if (name === 'voters' || ids.length > 0) parts.push(`${name}=[${ids.map(id => id.toString(16)).join(' ')}]`)
  }
  parts.push(`${data.length} bytes`)
  return parts.join(' ')
}
