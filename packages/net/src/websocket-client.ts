import { WebSocket } from 'ws'
import { formatAddress } from './address.ts'
import { takeSocket } from './duplex.ts'
import { NetError } from './errors.ts'
import { DEFAULT_DIAL_TIMEOUT_MS, WEBSOCKET_MAX_MESSAGE_BYTES } from './limits.ts'
import type { Dial, Pipe, PipeAddress } from './pipe.ts'
import { WebSocketPipe } from './websocket-pipe.ts'
import { GRPC_SUBPROTOCOL } from './websocket-server.ts'

export interface WebSocketDialOptions {
  /** Path of the endpoint, such as `/kvs/grpc`. */
  readonly path: string
  /** What stands in the Host header. Default: the address that is dialed. */
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Default `kvs.grpc.v1`. */
  readonly subprotocol?: string
  /** For the answer to the upgrade; default 30 s. */
  readonly timeoutMs?: number
}

/**
 * `dial` of pipes over WebSockets over what `dial` opens (TCP, or TLS through `TlsClient.dial`). Rejects with `NetError`:
 * `PROTOCOL` if the server does not agree, and as `dial` does.
 */
export function webSocketDial(dial: Dial, options: WebSocketDialOptions): Dial {
  return async (address, dialOptions) => {
    const pipe = await dial(address, dialOptions)
    try {
      return await upgrade(pipe, address, options, dialOptions?.signal)
    } catch (error) {
      pipe.destroy()
      throw error
    }
  }
}

function upgrade(
  pipe: Pipe,
  address: PipeAddress,
  options: WebSocketDialOptions,
  signal: AbortSignal | undefined,
): Promise<Pipe> {
  const what = `websocket to ${formatAddress(address)}`
  const socket = takeSocket(pipe)
  if (socket === undefined) throw new NetError('PROTOCOL', `${what}: a WebSocket needs a socket below`)
  const { info } = pipe
  const host = options.host ?? (address.kind === 'tcp' ? formatAddress(address) : 'localhost')
  // TLS, if there is any, stands already: for HTTP it is a plain connection.
  const webSocket = new WebSocket(`ws://${host}${options.path}`, [options.subprotocol ?? GRPC_SUBPROTOCOL], {
    perMessageDeflate: false,
    maxPayload: WEBSOCKET_MAX_MESSAGE_BYTES,
    headers: { ...options.headers },
    createConnection: () => socket,
  })
  const timeoutMs = options.timeoutMs ?? DEFAULT_DIAL_TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      webSocket.off('error', failed)
    }
    const giveUp = (error: NetError): void => {
      settle()
      webSocket.on('error', () => undefined)
      webSocket.terminate()
      reject(error)
    }
    const failed = (cause: Error): void => giveUp(new NetError('PROTOCOL', `${what}: ${cause.message}`, { cause }))
    const aborted = (): void => giveUp(new NetError('ABORTED', `${what}: aborted`))
    const late = (): void => giveUp(new NetError('TIMEOUT', `${what}: no answer within ${timeoutMs} ms`))
    const timer = setTimeout(late, timeoutMs)
    webSocket.on('error', failed)
    webSocket.once('open', () => {
      settle()
      resolve(new WebSocketPipe(webSocket, { ...info, kind: 'websocket' }))
    })
    signal?.addEventListener('abort', aborted)
    if (signal?.aborted === true) aborted()
  })
}
