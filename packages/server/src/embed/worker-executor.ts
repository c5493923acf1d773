import { Worker } from 'node:worker_threads'
import * as limits from '../limits.ts'
import type { Executor, PieceStream } from '../parts.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/**
 * Does jobs in worker threads: one for those that make bytes, one for the short ones, so that neither waits for the
 * other. Each is started when there is something to do and ended when there has been nothing for a while. A thread that
 * dies takes its jobs with it; the next job gets a new one.
 */
export class WorkerExecutor implements Executor {
  readonly #bulk: JobThread
  readonly #short: JobThread

  /** `url`: the module of the threads. */
  constructor(url: URL = new URL('./worker.js', import.meta.url)) {
    this.#bulk = new JobThread(url)
    this.#short = new JobThread(url)
  }

  open(job: string, input: unknown): Promise<PieceStream> {
    return this.#bulk.open(job, input)
  }

  run(job: string, input: unknown): Promise<unknown> {
    return this.#short.run(job, input)
  }

  /** Ends the threads; jobs that are open fail. */
  async close(): Promise<void> {
    await Promise.all([this.#bulk.close(), this.#short.close()])
  }
}

/** A job under way: hears what the thread says about it. */
interface Job {
  heard(message: FromWorker): void
}

/** A thread, while there is something to do for it. */
class JobThread {
  readonly #url: URL
  readonly #jobs = new Map<number, Job>()
  #worker: Worker | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #lastId = 0

  constructor(url: URL) {
    this.#url = url
  }

  open(job: string, input: unknown): Promise<PieceStream> {
    const id = ++this.#lastId
    const worker = this.#running()
    const opened = new OpenJob(message => worker.postMessage({ ...message, id }))
    this.#jobs.set(id, opened)
    worker.postMessage({ kind: 'open', id, job, input } satisfies ToWorker)
    return opened.opened
  }

  run(job: string, input: unknown): Promise<unknown> {
    const id = ++this.#lastId
    const worker = this.#running()
    return new Promise((resolve, reject) => {
      const heard = (message: FromWorker): void => {
        if (message.kind === 'result') resolve(message.value)
        else if (message.kind === 'ended') reject(new Error(message.error ?? `job '${job}' gave no result`))
      }
      this.#jobs.set(id, { heard })
      worker.postMessage({ kind: 'run', id, job, input } satisfies ToWorker)
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer)
    await this.#worker?.terminate()
  }

  #running(): Worker {
    clearTimeout(this.#idleTimer)
    this.#worker ??= this.#start()
    this.#worker.ref()
    return this.#worker
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
    if (message.kind === 'ended' || message.kind === 'result') this.#forget(message.id)
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
class OpenJob implements Job, AsyncIterableIterator<Uint8Array> {
  readonly opened: Promise<PieceStream>
  readonly #ask: (message: Asked) => void
  #resolve: (stream: PieceStream) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #room: SharedArrayBuffer = new SharedArrayBuffer(0)
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
      this.#room = message.room
      for (let i = 0; i < limits.piecesAhead; i++) this.#ask({ kind: 'next' })
      this.#resolve({ sizeBytes: message.sizeBytes, pieces: this })
    } else if (message.kind === 'piece') {
      this.#pieces.push(new Uint8Array(this.#room, message.at, message.lengthBytes))
    } else if (message.kind === 'long-piece') this.#pieces.push(message.bytes)
    else if (message.kind === 'ended') this.#end(message.error)
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
