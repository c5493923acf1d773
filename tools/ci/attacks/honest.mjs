// @ts-check
// The client that must not notice: reads at a steady pace, and how long each took. It runs in a thread of its own, so that
// the attackers' work does not count as the server's.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Connection, call, Flag, frame, greeting, Type, word } from './http2.mjs'

const RANGE = '/etcdserverpb.KV/Range'
/** `RangeRequest` of the key `honest`. */
const request = Buffer.from('\x0a\x06honest', 'latin1')
const PER_SECOND = 200
/** A call that took longer has failed. */
const LATE_MS = 5_000

/**
 * @typedef {object} Tally
 * @property {number} calls
 * @property {number} errors
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} maxMs
 */

/** One connection with calls on it, started at a fixed rate however long they take. */
class Client {
  #port
  #connection
  #nextId = 1
  #errors = 0
  /** @type {number[]} */
  #took = []
  /** @type {Map<number, number>} */
  #open = new Map()
  #received = 0

  /** @param {number} port */
  constructor(port) {
    this.#port = port
    this.#connection = this.#connect()
    void this.#run()
  }

  #connect() {
    const connection = new Connection(this.#port)
    connection.onFrame = (type, flags, streamId, payload) => this.#frame(type, flags, streamId, payload)
    void connection.send(greeting)
    this.#nextId = 1
    return connection
  }

  /**
   * @param {number} type
   * @param {number} flags
   * @param {number} streamId
   * @param {Buffer} payload
   */
  #frame(type, flags, streamId, payload) {
    if (type === Type.DATA) {
      this.#received += payload.length
      if (this.#received > 30_000) {
        void this.#connection.send(frame(Type.WINDOW_UPDATE, 0, 0, word(this.#received)))
        this.#received = 0
      }
    }
    if (type === Type.RST_STREAM) this.#errors++
    if ((flags & Flag.END_STREAM) === 0 || type !== Type.HEADERS) return
    const startMs = this.#open.get(streamId)
    if (startMs === undefined) return
    this.#open.delete(streamId)
    this.#took.push(performance.now() - startMs)
    // `grpc-status: 0` as the server's last header block has it: literal or indexed, never a text.
    if (payload.includes('grpc-message')) this.#errors++
  }

  async #run() {
    const startMs = performance.now()
    for (let n = 0; ; n++) {
      const waitMs = startMs + (n * 1_000) / PER_SECOND - performance.now()
      if (waitMs > 1) await sleep(waitMs)
      if (this.#connection.closed) {
        this.#errors++
        this.#connection = this.#connect()
        this.#open.clear()
      }
      this.#open.set(this.#nextId, performance.now())
      void this.#connection.send(call(this.#nextId, RANGE, request))
      this.#nextId += 2
    }
  }

  /**
   * What happened since the last time this was asked.
   * @returns {Tally}
   */
  tally() {
    const took = this.#took.sort((a, b) => a - b)
    this.#took = []
    let errors = this.#errors
    this.#errors = 0
    for (const [id, startMs] of this.#open) {
      if (performance.now() - startMs < LATE_MS) continue
      this.#open.delete(id)
      errors++
    }
    const at = (/** @type {number} */ part) => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0
    return { calls: took.length, errors, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: took.at(-1) ?? 0 }
  }
}

/** The client in its thread. */
export class Honest {
  #worker

  /** @param {number} port */
  constructor(port) {
    this.#worker = new Worker(fileURLToPath(import.meta.url), { workerData: port })
  }

  /**
   * What happened since the last time this was asked.
   * @returns {Promise<Tally>}
   */
  tally() {
    return new Promise(resolve => {
      this.#worker.once('message', resolve)
      this.#worker.postMessage('tally')
    })
  }

  async stop() {
    await this.#worker.terminate()
  }
}

if (!isMainThread && typeof workerData === 'number') {
  const client = new Client(workerData)
  parentPort?.on('message', () => parentPort?.postMessage(client.tally()))
}
