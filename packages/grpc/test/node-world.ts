import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Pipe, PipeEvents } from '../src/ports.ts'

/** The clock of this process. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => void setImmediate(callback),
}

/** A pipe over a socket. */
export function socketPipe(socket: Socket): Pipe {
  socket.setNoDelay(true)
  return {
    info: { remote: `${socket.remoteAddress}:${socket.remotePort}` },
    get queuedBytes() {
      return socket.writableLength
    },
    start(events: PipeEvents) {
      let failure: Error | undefined
      socket.on('data', chunk => events.data(chunk))
      socket.on('drain', () => events.drain())
      socket.on('end', () => events.end())
      socket.on('error', error => {
        failure = error
      })
      socket.on('close', () => events.close(failure))
    },
    write: bytes => (socket.destroyed ? false : socket.write(bytes)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}

/** Listens on a free port of 127.0.0.1. */
export async function listen(accept: (pipe: Pipe) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, socket => accept(socketPipe(socket)))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return { server, port: (server.address() as AddressInfo).port }
}
