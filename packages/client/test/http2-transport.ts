/**
 * A transport on Node's own HTTP/2: a second opinion on the wire beside `@kvs/grpc`, and plain enough to be read at once.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import type { CallHandle, CallOutcome, Channel, StreamHandle, StreamReceiver, Transport } from '../src/ports.ts'

export const http2Transport: Transport = {
  connect(endpoint, { timeoutMs, onClose }) {
    return new Promise((resolve, reject) => {
      const session = connectHttp2(`http://${endpoint.authority}`)
      const timer = setTimeout(() => session.destroy(new Error('dial timed out')), timeoutMs)
      session.once('connect', () => {
        clearTimeout(timer)
        resolve(channelOn(session))
      })
      session.on('error', reject)
      session.once('close', () => {
        clearTimeout(timer)
        reject(new Error('closed'))
        onClose()
      })
    })
  },
}

function channelOn(session: ClientHttp2Session): Channel {
  return {
    unary({ path, metadata, request, timeoutMs }, receiver): CallHandle {
      let response: Uint8Array | undefined
      const stream = open(session, path, metadata, timeoutMs, {
        message: bytes => {
          response = bytes
        },
        drain: () => {},
        end: outcome => receiver.done(outcome, response),
      })
      stream.send(request)
      stream.halfClose()
      return stream
    },
    stream: ({ path, metadata }, receiver) => open(session, path, metadata, undefined, receiver),
    close: () => session.destroy(),
  }
}

function open(
  session: ClientHttp2Session,
  path: string,
  metadata: readonly (readonly [string, string])[],
  timeoutMs: number | undefined,
  receiver: StreamReceiver,
): StreamHandle {
  let silent = false
  let outcome: CallOutcome | undefined
  const end = (): void => {
    if (!silent) receiver.end(outcome ?? { code: 14, message: 'the connection was lost', unprocessed: false })
    silent = true
  }
  const cancel = (): void => {
    silent = true
    request?.close(8)
  }
  let request: ClientHttp2Stream | undefined
  try {
    request = session.request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
      ...Object.fromEntries(metadata),
    })
  } catch {
    outcome = { code: 14, message: 'the connection is closed', unprocessed: true }
    queueMicrotask(end)
    return { send: () => true, halfClose() {}, pause() {}, resume() {}, cancel }
  }
  const note = (headers: Record<string, unknown>): void => {
    if (headers['grpc-status'] === undefined) return
    const message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
    outcome = { code: Number(headers['grpc-status']), message, unprocessed: false }
  }
  let buffered = Buffer.alloc(0)
  request.on('response', note)
  request.on('trailers', note)
  request.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 5 && buffered.length >= 5 + buffered.readUInt32BE(1)) {
      const length = 5 + buffered.readUInt32BE(1)
      if (!silent) receiver.message(new Uint8Array(buffered.subarray(5, length)))
      buffered = buffered.subarray(length)
    }
  })
  request.on('drain', () => receiver.drain())
  request.on('error', () => {})
  request.on('close', end)
  return {
    send(bytes) {
      const frame = Buffer.alloc(5 + bytes.length)
      frame.writeUInt32BE(bytes.length, 1)
      frame.set(bytes, 5)
      return request.write(frame)
    },
    halfClose: () => void request.end(),
    pause: () => void request.pause(),
    resume: () => void request.resume(),
    cancel,
  }
}
