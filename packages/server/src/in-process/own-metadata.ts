import type { Metadata, MetadataInit } from '@kvs/grpc'

/** Metadata of a call that this process makes. */
export class OwnMetadata implements Metadata {
  readonly #entries: MetadataInit

  /** Names in lower case; those that end in `-bin` have bytes. */
  constructor(entries: MetadataInit) {
    this.#entries = entries
  }

  get(name: string): string | undefined {
    return this.getAll(name)[0]
  }

  getAll(name: string): readonly string[] {
    return this.#entries.flatMap(([known, value]) => (known === name && typeof value === 'string' ? [value] : []))
  }

  getBytes(name: string): Uint8Array | undefined {
    const value = this.#entries.find(([known]) => known === name)?.[1]
    return value instanceof Uint8Array ? value : undefined
  }

  entries(): MetadataInit {
    return this.#entries
  }
}
