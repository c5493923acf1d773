import type { Backend, BackendRecord, Bucket } from '../backend.ts'

export interface ContractCase {
  readonly name: string
  run(): Promise<void>
}

/** Where one state lives, and how it is opened and crashed. */
export interface ContractPlace {
  /** Opens the state with `contractBuckets`; the backend before must be closed. */
  open(): Promise<Backend>
  /** Ends `backend` as a power cut would, once no commit is under way, and opens what is left. */
  crash(backend: Backend): Promise<Backend>
  /** Where the state is opened now. */
  readonly path: string
  /** The names in that folder, sorted. */
  names(): Promise<readonly string[]>
  /** A path for `copyTo`. */
  pathOf(name: string): string
  /** Opens a copy, with the same buckets, in a place of its own or beside the state. */
  openCopy(path: string): Promise<Backend>
  /** Removes everything; backends that are still open must not mind. */
  remove(): Promise<void>
}

export type PlaceFactory = () => Promise<ContractPlace>

/** A case before it has a place. */
export interface PlaceCase {
  readonly name: string
  check(place: ContractPlace): Promise<void>
}

export const plants: Bucket = { id: 1, name: 'plants' }
export const birds: Bucket = { id: 2, name: 'birds' }
export const last: Bucket = { id: 255, name: 'zebras' }

/** What a place must open its state with; not in the order of the names. */
export const contractBuckets: readonly Bucket[] = [plants, last, birds]

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A key that sorts as its number does. */
export function numberKey(number: number): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(number))
  return key
}

/** Records as text, for comparing. */
export function listed(records: Iterable<BackendRecord>): string[] {
  const decoder = new TextDecoder('latin1')
  return Array.from(records, ({ key, value }) => `${decoder.decode(key)}=${decoder.decode(value)}`)
}

export function putText(backend: Backend, bucket: Bucket, records: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(records)) backend.put(bucket, bytesOf(key), bytesOf(value))
}

export function textAt(backend: Pick<Backend, 'get'>, bucket: Bucket, key: string): string | undefined {
  const value = backend.get(bucket, bytesOf(key))
  return value === undefined ? undefined : new TextDecoder('latin1').decode(value)
}
