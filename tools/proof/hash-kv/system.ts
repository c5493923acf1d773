/** One of the two systems, over gRPC. */
import { createGrpcChannel, type GrpcChannel, GrpcError } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import { decodeResponseHeader, type HashKVResponse, KV, Maintenance } from '@kvs/proto/rpc'
import type { Operation } from './history.ts'

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

/** An answer, or a refusal, in the form in which two are compared. */
export interface Answer {
  /** Of the header; 0 if there is none. */
  readonly revision: number
  /** What stands behind the header, as bytes; of a refusal its code and text. */
  readonly content: string
  readonly refused: boolean
}

export class System {
  readonly #channel: GrpcChannel

  private constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  /** Connects to a server of this machine. */
  static async connect(port: number): Promise<System> {
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const
    const channel = createGrpcChannel({ clock, dial: () => nodeNet().dial(address), authority: `127.0.0.1:${port}` })
    await channel.connect()
    return new System(channel)
  }

  async ask({ path, request }: Pick<Operation, 'path' | 'request'>): Promise<Answer> {
    try {
      const { message } = await this.#channel.call(path, request)
      const { revision, bytes } = behindHeader(message)
      return { revision, content: Buffer.from(bytes).toString('latin1'), refused: false }
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error
      return { revision: 0, content: `${error.status}: ${error.message}`, refused: true }
    }
  }

  /** Every key and value there was at a revision; 0 is now. */
  rangeAll(revision: number): Promise<Answer> {
    const everything = Uint8Array.of(0)
    const request = KV.range.encodeRequest({ key: everything, rangeEnd: everything, revision })
    return this.ask({ path: KV.range.path, request })
  }

  async hashKv(revision: number): Promise<HashKVResponse> {
    const { hashKV } = Maintenance
    const { message } = await this.#channel.call(hashKV.path, hashKV.encodeRequest({ revision }))
    return hashKV.decodeResponse(message)
  }

  close(): Promise<void> {
    return this.#channel.close()
  }
}

/** Splits a response behind its field 1, the header, which stands first and is shorter than 128 bytes. */
function behindHeader(message: Uint8Array): { readonly revision: number; readonly bytes: Uint8Array } {
  if (message[0] !== 0x0a) return { revision: 0, bytes: message }
  const end = 2 + (message[1] as number)
  return { revision: decodeResponseHeader(message, 2, end).revision, bytes: message.subarray(end) }
}
