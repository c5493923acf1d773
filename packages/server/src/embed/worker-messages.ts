/** What the member's thread and its worker say to each other. A job is known by its number. */

export type ToWorker =
  | { readonly kind: 'open'; readonly id: number; readonly job: string; readonly input: unknown }
  /** A short job, whose result is one value. */
  | { readonly kind: 'run'; readonly id: number; readonly job: string; readonly input: unknown }
  /** Asks for one more piece. */
  | { readonly kind: 'next'; readonly id: number }
  /** No more pieces are wanted. */
  | { readonly kind: 'end'; readonly id: number }

export type FromWorker =
  /** `room`: where pieces will lie. */
  | { readonly kind: 'opened'; readonly id: number; readonly sizeBytes: number; readonly room: SharedArrayBuffer }
  /** A piece in the room, or one that is too long for it. */
  | { readonly kind: 'piece'; readonly id: number; readonly at: number; readonly lengthBytes: number }
  | { readonly kind: 'long-piece'; readonly id: number; readonly bytes: Uint8Array }
  /** The last word about a short job that did not fail. */
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  /** The last word about a job: it has no more pieces, it was ended, or it failed. */
  | { readonly kind: 'ended'; readonly id: number; readonly error: string | undefined }
