import { decodeEntry, decodeHardState, decodeMessage, type Message, MessageType } from '@kvs/proto/raft'
import { decodeRecord, decodeSnapshot } from '@kvs/proto/wal'
import type { Link, PeerEndpoint, Wire, WireCall } from '@kvs/rafthttp'
import type { File, Fs } from '@kvs/vfs'

/** What a member does to others: to its disk and to its peers. */
export interface Around {
  readonly fs: Fs
  readonly wire: Wire
  readonly endpoint: (endpoint: PeerEndpoint) => PeerEndpoint
}

export interface EffectsTraceParts {
  /** Gets one line per effect, in the moment in which it is asked for. */
  readonly sink: (member: string, line: string) => void
  /** How a member is called, by its id in hex or by its host. */
  readonly nameOf: (idOrHost: string) => string
}

/**
 * Effects of members on disks and peers as text, in one order: what is written to the log and to state files that were
 * received, when a sync begins and is done, and every message in the moment in which it is handed to the network. Heartbeats
 * are left out.
 */
export class EffectsTrace {
  readonly #parts: EffectsTraceParts

  constructor(parts: EffectsTraceParts) {
    this.#parts = parts
  }

  /** What this member has, with a line for each effect. */
  around(member: string, { fs, wire }: { readonly fs: Fs; readonly wire: Wire }): Around {
    return {
      fs: this.#fs(member, fs),
      wire: this.#wire(member, wire),
      endpoint: inner => this.#endpoint(member, inner),
    }
  }

  #note(member: string, line: string): void {
    this.#parts.sink(member, line)
  }

  #fs(member: string, fs: Fs): Fs {
    const open: Fs['open'] = async (path, options) => {
      const file = await fs.open(path, options)
      const place = placeOf(path)
      return place === undefined ? file : this.#file(member, file, place)
    }
    const rename: Fs['rename'] = (from, to) => {
      const moved = placeOf(from)
      if (moved !== undefined && moved !== 'log') {
        this.#note(member, `renames ${moved} to ${placeOf(to) ?? to.split('/').at(-1)}`)
      }
      return fs.rename(from, to)
    }
    return new Proxy(fs, {
      get: (of, name) => {
        if (name === 'open') return open
        if (name === 'rename') return rename
        const value: unknown = Reflect.get(of, name, of)
        return typeof value === 'function' ? value.bind(of) : value
      },
    })
  }

  #file(member: string, file: File, place: string): File {
    const wrote = (bytes: Uint8Array): void => {
      const what = place === 'log' ? describeLog(bytes) : ''
      if (place !== 'log') this.#note(member, `writes ${place}`)
      else if (what !== '') this.#note(member, `writes log: ${what}`)
    }
    return new Proxy(file, {
      get: (of, name) => {
        if (name === 'datasync') {
          return async () => {
            this.#note(member, `syncs ${place}`)
            await of.datasync()
            this.#note(member, `synced ${place}`)
          }
        }
        const value: unknown = Reflect.get(of, name, of)
        if (typeof value !== 'function') return value
        if (name !== 'write' && name !== 'writeSync') return value.bind(of)
        return (bytes: Uint8Array, position: number): unknown => {
          wrote(bytes)
          return value.call(of, bytes, position)
        }
      },
    })
  }

  #wire(member: string, wire: Wire): Wire {
    return {
      openLink: async call => {
        const reply = await wire.openLink(call)
        return reply.link === undefined ? reply : { ...reply, link: this.#link(member, reply.link) }
      },
      request: call => (call.path === '/raft/snapshot' ? this.#snapshot(member, wire, call) : wire.request(call)),
      close: () => wire.close(),
    }
  }

  async #snapshot(member: string, wire: Wire, call: WireCall): ReturnType<Wire['request']> {
    const to = this.#parts.nameOf(new URL(call.url).hostname)
    this.#note(member, `-> ${to} a state`)
    const reply = await wire.request(call)
    this.#note(member, `${to} took the state: ${reply.status}`)
    return reply
  }

  #endpoint(member: string, endpoint: PeerEndpoint): PeerEndpoint {
    return {
      handle: endpoint.handle,
      upgrade: (request, protocols) => {
        const answer = endpoint.upgrade(request, protocols)
        if (!('accept' in answer)) return answer
        return { ...answer, accept: link => answer.accept(this.#link(member, link)) }
      },
    }
  }

  #link(member: string, link: Link): Link {
    return new Proxy(link, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of)
        if (typeof value !== 'function') return value
        if (name !== 'send') return value.bind(of)
        return (frame: Uint8Array): void => {
          for (const message of messagesOf(frame)) {
            const text = describeMessage(message)
            if (text !== undefined) this.#note(member, `-> ${this.#parts.nameOf(message.to.toString(16))} ${text}`)
          }
          link.send(frame)
        }
      },
    })
  }
}

/** How a file is called here: the log, or a file beside the state file; undefined: nothing is told of it. */
function placeOf(path: string): string | undefined {
  if (/\/wal(\.tmp)?\//.test(path)) return 'log'
  return /\/snap\/0*([^/]*\.snap\.db.*)$/.exec(path)?.[1]
}

function* messagesOf(frame: Uint8Array): Generator<Message> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  for (let at = 0; at < frame.length; ) {
    const end = at + 4 + view.getUint32(at)
    yield decodeMessage(frame, at + 4, end)
    at = end
  }
}

const messageNames = new Map(Object.entries(MessageType).map(([name, type]) => [type as number, name]))

function describeMessage(message: Message): string | undefined {
  const { type, term, logTerm, index, entries, commit, reject } = message
  switch (type) {
    case MessageType.MsgHeartbeat:
    case MessageType.MsgHeartbeatResp:
      return undefined
    case MessageType.MsgApp:
      return `MsgApp term=${term} after=${logTerm}/${index} ${describeEntries(entries)} commit=${commit}`
    case MessageType.MsgAppResp:
      return `MsgAppResp term=${term} index=${index}${reject ? ' rejected' : ''}`
    case MessageType.MsgProp:
      return `MsgProp ${entries.length}`
    default:
      return `${messageNames.get(type)} term=${term}${reject ? ' rejected' : ''}`
  }
}

function describeEntries(entries: readonly { readonly index: number; readonly term: number }[]): string {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return 'nothing'
  return first === last ? `entry=${first.term}/${first.index}` : `entries=${first.term}/${first.index}-${last.index}`
}

/** Entries, states and snapshots among the records that are written; a record is a word with its length and the record. */
function describeLog(bytes: Uint8Array): string {
  const parts: string[] = []
  const entries: { index: number; term: number }[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at, true)
    if (size === 0) break
    const { type, data } = decodeRecord(bytes, at + 8, at + 8 + size)
    at += 8 + Math.ceil(size / 8) * 8
    if (type === 2) entries.push(decodeEntry(data ?? nothing))
    if (type === 3) {
      const { term, commit, vote } = decodeHardState(data ?? nothing)
      parts.push(`term=${term} ${vote === 0n ? 'no vote' : 'voted'} commit=${commit}`)
    }
    if (type === 5) parts.push(`snapshot=${decodeSnapshot(data ?? nothing).index}`)
  }
  return [...(entries.length > 0 ? [describeEntries(entries)] : []), ...parts].join(', ')
}

const nothing = new Uint8Array(0)
