import { decodeBase64, encodeBase64 } from './base64.ts'
import type { HeaderField, HeaderPair } from './http2/header-field.ts'
import type { Metadata, MetadataInit } from './status.ts'

/** Fields of the protocol itself: not metadata, and not to be set by users. */
const reserved: ReadonlySet<string> = new Set([
  'te',
  'content-type',
  'content-length',
  'grpc-timeout',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-status',
  'grpc-message',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'host',
])

const namePattern = /^[0-9a-z_.-]+$/
const valuePattern = /^[ -~]*$/

/** Metadata as it came over the wire. It may be shared between calls: nobody can change it. */
export class WireMetadata implements Metadata {
  readonly #fields: readonly HeaderField[]
  #entries: MetadataInit | undefined

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields
  }

  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value
    return undefined
  }

  getAll(name: string): readonly string[] {
    return this.#fields.filter(field => field.name === name).map(field => field.value)
  }

  getBytes(name: string): Uint8Array | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    const comma = value.indexOf(',')
    return decodeBase64(comma < 0 ? value : value.slice(0, comma))
  }

  entries(): MetadataInit {
    this.#entries ??= this.#decode()
    return this.#entries
  }

  #decode(): MetadataInit {
    const entries: [string, string | Uint8Array][] = []
    for (const { name, value } of this.#fields) {
      if (name.charCodeAt(0) === 0x3a || reserved.has(name)) continue
      if (!name.endsWith('-bin')) entries.push([name, value])
      else for (const part of value.split(',')) entries.push([name, decodeBase64(part.trim()) ?? new Uint8Array(0)])
    }
    return entries
  }
}

/** No metadata. */
export const emptyMetadata: Metadata = new WireMetadata([])

/** Name of the first `-bin` field whose value is no Base64, if any. */
export function badBinaryField(fields: readonly HeaderField[]): HeaderField | undefined {
  return fields.find(
    ({ name, value }) =>
      name.endsWith('-bin') && value.split(',').some(part => decodeBase64(part.trim()) === undefined),
  )
}

/** Without what gRPC cannot carry, for metadata that came from elsewhere. */
export function carriable(entries: MetadataInit): MetadataInit {
  return entries.filter(
    ([name, value]) =>
      namePattern.test(name) && !reserved.has(name) && (typeof value !== 'string' || valuePattern.test(value)),
  )
}

/**
 * Header pairs for metadata given by the user. Throws `RangeError` for a name or value that gRPC cannot carry, and for
 * fields that belong to the protocol.
 */
export function metadataPairs(init: MetadataInit): HeaderPair[] {
  return init.map(([name, value]): HeaderPair => {
    if (!namePattern.test(name) || reserved.has(name)) throw new RangeError(`metadata name ${JSON.stringify(name)}`)
    if (name.endsWith('-bin') !== (typeof value !== 'string')) {
      throw new RangeError(`metadata ${name}: bytes belong to names that end in -bin, text to all others`)
    }
    if (typeof value !== 'string') return [name, encodeBase64(value)]
    if (!valuePattern.test(value)) throw new RangeError(`metadata ${name}: value is not printable ASCII`)
    return [name, value.trim()]
  })
}

/** Checks metadata once that many calls bring along, such as a token: pairs of the same content are the same object. */
export class KnownMetadata {
  #init: MetadataInit = []
  #pairs: readonly HeaderPair[] = []

  /** As `metadataPairs`. */
  pairs(init: MetadataInit): readonly HeaderPair[] {
    if (this.#isKnown(init)) return this.#pairs
    const pairs = metadataPairs(init)
    // Bytes may change behind our back; text cannot.
    if (init.every(([, value]) => typeof value === 'string')) {
      this.#init = init.map(([name, value]) => [name, value])
      this.#pairs = pairs
    }
    return pairs
  }

  #isKnown(init: MetadataInit): boolean {
    const known = this.#init
    if (known.length !== init.length) return false
    for (let at = 0; at < init.length; at++) {
      if (known[at]![0] !== init[at]![0] || known[at]![1] !== init[at]![1]) return false
    }
    return true
  }
}
