import { Worker } from 'node:worker_threads'
import * as limits from '../limits.ts'
import type { Executor, PieceStream } from '../parts.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/**
 * Does jobs in a worker thread, which is started when there is something to do and ended when there has been nothing for
 * a while. A thread that dies takes its jobs with it; the next job gets a new one.
 */
export class WorkerExecutor implements Executor {
  readonly #url: URL
  readonly #jobs = new Map<number, OpenJob>()
  #worker: Worker | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #lastId = 0

  /** `url`: the module of the thread. */
  constructor(url: URL = new URL('./worker.js', import.meta.url)) {
    this.#url = url
  }

  open(job: string, input: unknown): Promise<PieceStream> {
    const id = ++this.#lastId
    clearTimeout(this.#idleTimer)
    this.#worker ??= this.#start()
    const worker = this.#worker
    const opened = new OpenJob(message => worker.postMessage({ ...message, id }))
    this.#jobs.set(id, opened)
    worker.ref()
    worker.postMessage({ kind: 'open', id, job, input } satisfies ToWorker)
    return opened.opened
  }

  /** Ends the thread; jobs that are open fail. */
  async close(): Promise<void> {
    clearTimeout(this.#idleTimer)
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#url)
    worker.on('message', (message: FromWorker) => this.#heard(message))
    worker.on('error', error => this.#lost(worker, error))
    worker.on('exit', () => this.#lost(worker, new Error('the worker thread has ended')))
    return worker
  }

  #heard(message: FromWorker): void {
    const job = this.#jobs.get(message.id)
    if (message.kind === 'ended') this.#forget(message.id)
    job?.heard(message)
  }

  #forget(id: number): void {
    this.#jobs.delete(id)
    const worker = this.#worker
    if (this.#jobs.size > 0 || worker === undefined) return
    worker.unref()
    this.#idleTimer = setTimeout(() => void worker.terminate(), limits.workerIdleMs).unref()
  }

  #lost(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    const jobs = [...this.#jobs.values()]
    this.#jobs.clear()
    for (const job of jobs) job.heard({ kind: 'ended', id: 0, error: error.message })
  }
}

type Asked = { readonly kind: 'next' } | { readonly kind: 'end' }
type Step = IteratorResult<Uint8Array, undefined>

const over: Step = { done: true, value: undefined }

/** One job as its taker sees it: asks for a few pieces ahead. */
class OpenJob implements AsyncIterableIterator<Uint8Array> {
  readonly opened: Promise<PieceStream>
  readonly #ask: (message: Asked) => void
  #resolve: (stream: PieceStream) => void = () => {}
  #reject: (error: Error) => void = () => {}
  readonly #pieces: Uint8Array[] = []
  /** Who waits for a piece, or for the end. */
  #waiting: { readonly resolve: (step: Step) => void; readonly reject: (error: Error) => void } | undefined
  #ended = false
  #error: Error | undefined

  constructor(ask: (message: Asked) => void) {
    this.#ask = ask
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  heard(message: FromWorker): void {
    if (message.kind === 'opened') {
      for (let i = 0; i < limits.piecesAhead; i++) this.#ask({ kind: 'next' })
      this.#resolve({ sizeBytes: message.sizeBytes, pieces: this })
    } else if (message.kind === 'piece') this.#pieces.push(message.bytes)
    else this.#end(message.error)
    this.#serve()
  }

  #end(error: string | undefined): void {
    this.#ended = true
    if (error === undefined) return
    this.#error = new Error(error)
    this.#reject(this.#error)
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#serve()
    })
  }

  /** Resolves when the job has let go of what it had open. */
  async return(): Promise<Step> {
    this.#pieces.length = 0
    if (!this.#ended) this.#ask({ kind: 'end' })
    await this.#untilEnded().catch(() => {})
    return over
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #untilEnded(): Promise<void> {
    for (let step = await this.next(); step.done !== true; ) step = await this.next()
  }

  #serve(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const piece = this.#pieces.shift()
    if (piece === undefined && !this.#ended) return
    this.#waiting = undefined
    if (piece !== undefined) {
      this.#ask({ kind: 'next' })
      waiting.resolve({ done: false, value: piece })
    } else if (this.#error !== undefined) waiting.reject(this.#error)
    else waiting.resolve(over)
  }
}
