import type { Reader } from '../reader.ts'

/** What the hub needs of its store. */
export interface HubSource {
  readonly reader: Reader
  readonly revision: number
  readonly compactRevision: number
}
