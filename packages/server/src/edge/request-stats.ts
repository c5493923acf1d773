import type { CallEnd, ServerCall } from '@kvs/grpc'
import { KV } from '@kvs/proto/rpc'
import { formatDuration } from '../duration.ts'
import type { LogFields } from '../parts.ts'
import { describeContent, describeRangeRequest } from '../requests/describe-request.ts'
import { Cursor } from '../requests/wire.ts'
import { stageFields } from '../stages.ts'
import { WaitingCall } from './answer.ts'
import type { Member } from './member.ts'
import { RangeMeter } from './read-meter.ts'

/** The line about a unary call that took too long, with etcd's fields; contents and counts for keys only. */
export function requestStats(member: Member, call: ServerCall, end: Readonly<CallEnd>): LogFields {
  return {
    'start time': new Date(member.clock.wallNow() - end.durationMs).toISOString(),
    'time spent': formatDuration(end.durationMs),
    remote: call.peer.remote,
    'response type': call.path,
    ...(sizes(call, end) ?? {
      'request count': -1,
      'request size': -1,
      'response count': -1,
      'response size': -1,
      'request content': '',
    }),
    ...stagesOf(member, call, end),
  }
}

/** What etcd does not say: where the time went. */
function stagesOf(member: Member, { context, openedMs }: ServerCall, { durationMs }: Readonly<CallEnd>): LogFields {
  const endMs = openedMs + durationMs
  if (context instanceof RangeMeter) {
    const { startMs, readMs } = context
    const applyMs = (readMs === 0 ? endMs : readMs) - startMs
    return stageFields({ queueMs: startMs - openedMs, fsyncMs: 0, networkMs: 0, applyMs }, durationMs)
  }
  if (!(context instanceof WaitingCall) || context.entryIndex === 0) return {}
  const { entryIndex, applyMs } = context
  return stageFields(member.slow.stages.of(entryIndex, { openedMs, applyMs, appliedMs: endMs }), durationMs)
}

function sizes({ path, context }: ServerCall, end: Readonly<CallEnd>): LogFields | undefined {
  const countsOf = counts[path]
  if (countsOf === undefined) return undefined
  let content = ''
  if (context instanceof RangeMeter) content = describeRangeRequest(context.request)
  else if (context instanceof WaitingCall && context.entry !== undefined) content = describeContent(context.entry) ?? ''
  const [requests, responses] = countsOf(context, end)
  return {
    'request count': requests,
    'request size': end.requestBytes,
    'response count': responses,
    'response size': end.responseEnd - end.responseStart,
    'request content': content,
  }
}

type Counts = readonly [requests: number, responses: number]

const counts: Readonly<Record<string, (context: unknown, end: Readonly<CallEnd>) => Counts>> = {
  [KV.range.path]: context => [0, context instanceof RangeMeter ? context.count : 0],
  [KV.put.path]: () => [1, 0],
  [KV.deleteRange.path]: (_context, end) => [0, deletedIn(end)],
  [KV.txn.path]: () => [0, 0],
}

/** `DeleteRangeResponse.deleted`, which stands before the pairs. */
function deletedIn({ response, responseStart, responseEnd }: Readonly<CallEnd>): number {
  if (response === undefined) return 0
  const cursor = new Cursor()
  cursor.reset(response, responseStart, responseEnd)
  while (cursor.more) {
    const tag = cursor.varint()
    if (tag === 0x10) return cursor.varint()
    cursor.skip(tag)
  }
  return 0
}
