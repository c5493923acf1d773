import { FieldKind, type HeaderBlock } from './header-field.ts'

/** What HTTP itself reads out of a header block (RFC 9113, 8.3), once for all requests that share the block. */
export interface MessageHead {
  readonly kind: MessageKind
  /** Why the block breaks the rules: a stream error PROTOCOL_ERROR. */
  readonly malformed: string | undefined
  readonly method: string
  readonly scheme: string
  readonly path: string
  /** `:authority`, or the field `host` in its place. */
  readonly authority: string
  /** 0 in requests and trailers. */
  readonly status: number
  /** -1 if not given. */
  readonly contentLength: number
}

export type MessageKind = 'request' | 'response' | 'trailers'

const allowed: Readonly<Record<MessageKind, ReadonlySet<string>>> = {
  request: new Set([':method', ':scheme', ':path', ':authority']),
  response: new Set([':status']),
  trailers: new Set(),
}

/** The head of a block; kept with it. */
export function messageHead(block: HeaderBlock, kind: MessageKind): MessageHead {
  const known = block.head
  if (known !== undefined && known.kind === kind) return known
  const head = parseHead(block, kind)
  block.head = head
  return head
}

function parseHead(block: HeaderBlock, kind: MessageKind): MessageHead {
  const pseudo = new Map<string, string>()
  let malformed: string | undefined
  let regular = false
  let contentLength = -1
  let host: string | undefined
  for (const field of block.fields) {
    if (field.kind === FieldKind.MALFORMED) malformed ??= `bad field ${JSON.stringify(field.name)}`
    else if (field.kind === FieldKind.PSEUDO) {
      if (regular) malformed ??= 'pseudo field after regular fields'
      if (!allowed[kind].has(field.name)) malformed ??= `pseudo field ${JSON.stringify(field.name)}`
      if (pseudo.has(field.name)) malformed ??= `${field.name} twice`
      pseudo.set(field.name, field.value)
    } else {
      regular = true
      if (field.name === 'host' && kind === 'request') {
        if (host !== undefined) malformed ??= 'host twice'
        host = field.value
      }
      if (field.name !== 'content-length') continue
      const length = /^\d{1,15}$/.test(field.value) ? Number(field.value) : -1
      if (length < 0 || (contentLength >= 0 && contentLength !== length)) malformed ??= 'bad content-length'
      contentLength = length
    }
  }
  const head = {
    kind,
    method: pseudo.get(':method') ?? '',
    scheme: pseudo.get(':scheme') ?? '',
    path: pseudo.get(':path') ?? '',
    authority: pseudo.get(':authority') ?? host ?? '',
    status: Number(pseudo.get(':status') ?? 0),
    contentLength,
  }
  if (host !== undefined && host.toLowerCase() !== head.authority.toLowerCase()) malformed ??= 'host is not :authority'
  return { malformed: malformed ?? missing(kind, head, pseudo), ...head }
}

function missing(
  kind: MessageKind,
  head: { method: string; scheme: string; path: string; authority: string },
  pseudo: ReadonlyMap<string, string>,
): string | undefined {
  if (kind === 'response') return /^[1-5]\d\d$/.test(pseudo.get(':status') ?? '') ? undefined : 'no status'
  if (kind === 'trailers') return undefined
  if (head.method === '') return 'no method'
  if (head.method === 'CONNECT') return head.authority === '' ? 'CONNECT without authority' : undefined
  if (head.scheme === '') return 'no scheme'
  return head.path === '' ? 'no path' : undefined
}
