import type { ChildProcess } from 'node:child_process'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import type { Method } from '@kvs/proto'

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

/** The next thing that a member in a process of its own says, asked for it or not. */
export function answer<Answer>(child: ChildProcess, question?: string): Promise<Answer> {
  return new Promise(resolve => {
    child.once('message', message => resolve(message as Answer))
    if (question !== undefined) child.send(question)
  })
}

/** A client of `host:port` that takes answers of any length. */
export async function connectTo(address: string): Promise<GrpcChannel> {
  const [host = '', port = ''] = address.split(':')
  const at = { kind: 'tcp', host, port: Number(port) } as const
  const channel = createGrpcChannel({
    clock,
    dial: () => nodeNet().dial(at),
    authority: address,
    limits: { maxReceiveBytes: 2 ** 31 - 1 },
  })
  await channel.connect()
  return channel
}

export async function call<Init, Response>(
  channel: GrpcChannel,
  method: Method<unknown, Init, Response, never>,
  request: Init,
): Promise<Response> {
  const { message } = await channel.call(method.path, method.encodeRequest(request))
  return method.decodeResponse(message)
}
