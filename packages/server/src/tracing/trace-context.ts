/** What a client says about the trace that its call belongs to: W3C Trace Context, `traceparent` and `tracestate`. */
export interface TraceContext {
  /** 16 and 8 bytes. */
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly isSampled: boolean
  /** What vendors have to say, handed on as it is. */
  readonly state: string
}

/** Reads `00-<trace>-<span>-<flags>`. What is not well formed is no context, as the recommendation has it. */
export function parseTraceParent(parent: string, state = ''): TraceContext | undefined {
  if (parent.length > longestParent) return undefined
  const [, version, trace, span, flags = '', rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(parent) ?? []
  if (version === undefined || trace === undefined || span === undefined || version === 'ff') return undefined
  // Later versions may say more behind what this one knows.
  if (version === '00' && rest !== undefined) return undefined
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1
  return { traceId: fromHex(trace), spanId: fromHex(span), isSampled, state: state.length > longestState ? '' : state }
}

const longestParent = 256
const longestState = 512

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}
