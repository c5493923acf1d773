import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createTlsClient,
  createTlsServer,
  type Listener,
  nodeNet,
  type Pipe,
  type TlsClientOptions,
  type TlsRejection,
  type TlsServer,
  type TlsServerOptions,
} from '@kvs/net'
import { type TestAuthority, testAuthority } from '@kvs/net/testing'

export const loopback = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
/** What a server of these tests is reached by. */
export const here = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] } as const

/** A folder of certificates, and servers that are closed at the end. */
export interface TlsWorld {
  readonly folder: string
  readonly ca: TestAuthority
  readonly caFile: string
  /** A listening server with a good certificate unless said. */
  serve(options?: Partial<TlsServerOptions>): Promise<Serving>
  /** Dials; `trustedCaFiles` is the world's authority unless said. */
  dial(to: Serving, options?: TlsClientOptions): Promise<Pipe>
  dispose(): Promise<void>
}

export interface Serving {
  readonly listener: Listener
  readonly server: TlsServer
  readonly pipes: Pipe[]
  readonly rejections: TlsRejection[]
  /** Waits for one more pipe. */
  next(): Promise<Pipe>
  /** Waits for one more rejection. */
  rejected(): Promise<TlsRejection>
}

export async function tlsWorld(): Promise<TlsWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-tls-'))
  const ca = await testAuthority()
  const caFile = await ca.caFile(folder)
  const certificate = await ca.files(folder, 'server', { commonName: 'server', ...here })
  const servings: Serving[] = []
  const serve = async (options: Partial<TlsServerOptions> = {}): Promise<Serving> => {
    const serving = await startServing({ certificate, ...options })
    servings.push(serving)
    return serving
  }
  const dial = async (to: Serving, options: TlsClientOptions = {}): Promise<Pipe> => {
    const client = await createTlsClient({ trustedCaFiles: [caFile], ...options })
    return client.dial(nodeNet().dial)(to.listener.address)
  }
  const dispose = async (): Promise<void> => {
    for (const { listener, pipes } of servings) {
      await listener.close()
      for (const pipe of pipes) pipe.destroy()
    }
    await rm(folder, { recursive: true })
  }
  return { folder, ca, caFile, serve, dial, dispose }
}

async function startServing(options: TlsServerOptions): Promise<Serving> {
  const pipes = waitingList<Pipe>()
  const rejections = waitingList<TlsRejection>()
  const server = await createTlsServer({ ...options, onRejected: rejection => rejections.add(rejection) })
  const listener = await server.listen(nodeNet().listen)(loopback, pipe => pipes.add(pipe))
  return {
    listener,
    server,
    pipes: pipes.all,
    rejections: rejections.all,
    next: pipes.next,
    rejected: rejections.next,
  }
}

/** What has happened, and a way to wait for what happens next. */
export function waitingList<T>(): { readonly all: T[]; add(one: T): void; next(): Promise<T> } {
  const all: T[] = []
  let taken = 0
  const wakes: (() => void)[] = []
  return {
    all,
    add(one) {
      all.push(one)
      for (const wake of wakes.splice(0)) wake()
    },
    async next() {
      while (taken >= all.length) {
        await new Promise<void>(resolve => {
          wakes.push(resolve)
        })
      }
      return all[taken++] as T
    },
  }
}
