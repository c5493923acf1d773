import { Agent, type ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Pipe, takeSocket, toDuplex } from '@kvs/net'
import { RaftHttpError, reasonOf } from '../errors.ts'
import { keptConnectionsMax } from '../limits.ts'

/** Opens a pipe to a peer URL, encrypted where the URL says so. Rejects if that fails or `signal` aborts. */
export type DialPeer = (url: string, options: { readonly signal: AbortSignal }) => Promise<Pipe>

/** What a request through `PipeAgent` brings along. */
export interface PipeRequestArgs extends ClientRequestArgs {
  readonly peerUrl: string
  readonly dialSignal: AbortSignal
}

/** node:http over pipes: connections are dialed by peer URL, kept, and used again. */
export class PipeAgent extends Agent {
  readonly #dial: DialPeer

  constructor(dial: DialPeer) {
    super({ keepAlive: true, maxFreeSockets: keptConnectionsMax })
    this.#dial = dial
  }

  override getName(options?: ClientRequestArgs): string {
    return (options as PipeRequestArgs | undefined)?.peerUrl ?? ''
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { peerUrl, dialSignal } = options as PipeRequestArgs
    openStream(this.#dial, peerUrl, dialSignal).then(
      stream => callback?.(null, stream),
      (error: unknown) => callback?.(error as Error, undefined as unknown as Duplex),
    )
    return undefined
  }

  /** The pipe below sees to keepalive by itself. */
  override keepSocketAlive(): boolean {
    return true
  }
}

/** What node:http calls on a connection it keeps, whether that is a socket or not. */
const socketManners = { ref: () => undefined, unref: () => undefined }

/** A connection to a peer as a stream of Node. Rejects with `UNREACHABLE`, or with the reason of `signal`. */
export async function openStream(dial: DialPeer, url: string, signal: AbortSignal): Promise<Duplex> {
  try {
    const pipe = await dial(url, { signal })
    if (!signal.aborted) return takeSocket(pipe) ?? Object.assign(toDuplex(pipe), socketManners)
    pipe.destroy()
  } catch (cause) {
    if (!signal.aborted) throw new RaftHttpError('UNREACHABLE', reasonOf(cause), { cause })
  }
  throw signal.reason
}
