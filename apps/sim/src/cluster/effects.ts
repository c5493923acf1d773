import type { Backend } from '@kvs/backend'
import { buckets } from '@kvs/server'

/**
 * What every entry of the log did to the states of all members: they must have done the same, whoever applied it, when,
 * and how often.
 */
export class EffectsWatch {
  readonly #known = new Map<number, { readonly hash: number; readonly who: string }>()
  readonly #problem: (text: string) => void

  constructor(problem: (text: string) => void) {
    this.#problem = problem
  }

  /** Entries that were compared. */
  get entries(): number {
    return this.#known.size
  }

  /** The state of a member, watched. */
  around(who: string, backend: Backend): Backend {
    let hash = 0
    /** What was written before the first entry belongs to none. */
    let isWhole = false
    const note = (text: string): void => {
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
    }
    const methods: Partial<Backend> = {
      put: (bucket, key, value) => {
        if (bucket.id !== buckets.meta.id) note(`put ${bucket.id} ${textOf(key)} ${textOf(value)};`)
        backend.put(bucket, key, value)
      },
      delete: (bucket, key) => {
        // Records go when a compaction gets to them, on each member in its own time.
        if (bucket.id !== buckets.meta.id && bucket.id !== buckets.key.id) note(`delete ${bucket.id} ${textOf(key)};`)
        backend.delete(bucket, key)
      },
      endEntry: point => {
        if (isWhole) this.#ended(point.index, hash, who)
        isWhole = true
        hash = 0
        backend.endEntry(point)
      },
    }
    return new Proxy(backend, {
      get: (_, name) => {
        const value: unknown = Reflect.get(name in methods ? methods : backend, name)
        return typeof value === 'function' ? value.bind(backend) : value
      },
    })
  }

  #ended(index: number, hash: number, who: string): void {
    const known = this.#known.get(index)
    if (known === undefined) this.#known.set(index, { hash, who })
    else if (known.hash !== hash) {
      this.#problem(`entry ${index} did something else at ${who} than at ${known.who}`)
    }
  }
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
