// @ts-check
// Attacks on the real server process, while an honest client asks 200 times a second: its latency, the server's memory and what
// became of the attackers are printed for each. `node tools/ci/attacks.mjs [seconds=3] [NAME]`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import { attacks } from './attacks/cases.mjs'
import { Honest } from './attacks/honest.mjs'
import { Connection, call, greeting } from './attacks/http2.mjs'
import { freePorts, inFolder, kvsProgram, Program } from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** 99 of 100 turns of the server's loop may be this late, whatever goes on; attackers and others share the machine. */
const MAX_LATE_MS = 250
/** Resident memory that an attack may cost while it goes on: garbage and what the limits allow. */
const MAX_GROWTH_MIB = 100
/** What may be left over when it has ended and its connections are gone. */
const MAX_LEFT_MIB = 10

const seconds = Number(process.argv.find(arg => arg.startsWith('seconds='))?.slice(8) ?? 3)
const wanted = process.argv.slice(2).filter(arg => !arg.includes('='))

/** @param {number} pid */
function residentMib(pid) {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? 0) / 1024
}

/**
 * @typedef {object} Gauge
 * @property {number} answers
 * @property {number} lateMs
 * @property {number} late99Ms
 * @property {number} heldMib
 * @property {number} cpuMs
 */

/** What the server says of itself. */
class Gauges {
  #server
  #file
  #answers = 0

  /**
   * @param {Program} server
   * @param {string} file
   */
  constructor(server, file) {
    this.#server = server
    this.#file = file
  }

  /** @returns {Promise<Gauge>} since the last time this was asked */
  async read() {
    process.kill(this.#server.pid, 'SIGUSR2')
    /** @type {Gauge | undefined} */
    let gauge
    await this.#server.until('gauge', () => {
      if (!existsSync(this.#file)) return false
      gauge = JSON.parse(readFileSync(this.#file, 'utf8'))
      return gauge !== undefined && gauge.answers > this.#answers
    })
    if (gauge === undefined) throw new Error('no gauge')
    this.#answers = gauge.answers
    return gauge
  }
}

/**
 * @param {string} dataDir
 * @param {{ plain: number, tls: number, peer: number }} ports
 * @param {string} gaugeFile
 */
async function startTarget(dataDir, { plain, tls, peer }, gaugeFile) {
  const gauge = join(import.meta.dirname, 'attacks/gauge.mjs')
  const args = [
    `--import=${gauge}`,
    kvsProgram,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=http://127.0.0.1:${plain},https://127.0.0.1:${tls}`,
    `--advertise-client-urls=http://127.0.0.1:${plain}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    '--auto-tls',
    // Thousands of refused connections are thousands of lines.
    '--log-level=error',
  ]
  const server = new Program(process.execPath, args, { env: { KVS_GAUGE_FILE: gaugeFile } })
  await server.until('health', async () => {
    const response = await fetch(`http://127.0.0.1:${plain}/health`).catch(() => undefined)
    return response?.status === 200
  })
  return server
}

/**
 * Ten values of 100 KB, so that there is something large to ask for.
 * @param {number} port
 */
async function fill(port) {
  const connection = new Connection(port)
  await connection.send(greeting)
  for (let i = 0; i < 10; i++) {
    const value = Buffer.alloc(60_000, 0x76)
    const put = Buffer.concat([Buffer.from([0x0a, 3, 0x62, 0x69, 0x30 + i, 0x12, 0xe0, 0xd4, 0x03]), value])
    const bytes = call(2 * i + 1, '/etcdserverpb.KV/Put', put)
    // Frames of at most 16 KiB: the call is cut by hand.
    await connection.send(...cutData(bytes))
  }
  await sleep(300)
  connection.end()
}

/** @param {Buffer} bytes a HEADERS frame and one DATA frame of any length */
function cutData(bytes) {
  const headEnd = 9 + bytes.readUIntBE(0, 3)
  const streamId = bytes.readUInt32BE(headEnd + 5)
  const data = bytes.subarray(headEnd + 9)
  const frames = [bytes.subarray(0, headEnd)]
  for (let at = 0; at < data.length; at += 16_000) {
    const part = data.subarray(at, at + 16_000)
    const head = Buffer.alloc(9)
    head.writeUIntBE(part.length, 0, 3)
    head[4] = at + 16_000 >= data.length ? 1 : 0
    head.writeUInt32BE(streamId, 5)
    frames.push(head, part)
  }
  return frames
}

/**
 * @param {Map<string, number>} ends
 * @returns {string} the most frequent fates
 */
function describeFates(ends) {
  const sorted = [...ends].sort((a, b) => b[1] - a[1])
  return (
    sorted
      .slice(0, 2)
      .map(([end, times]) => `${times}x ${end}`)
      .join('; ') || 'still connected'
  )
}

await inFolder(async folder => {
  if (process.env['KVS_PROGRAM'] === undefined) await build([]).catch(fail)
  const [first, second] = [await freePorts(), await freePorts()]
  const ports = { plain: first.client, peer: first.peer, tls: second.client }
  const gaugeFile = join(folder, 'gauge')
  const server = await startTarget(join(folder, 'data'), ports, gaugeFile)
  const gauges = new Gauges(server, gaugeFile)
  const suite = new Suite()
  await fill(ports.plain)
  const honest = new Honest(ports.plain)
  await sleep(2_000)
  await honest.tally()
  await sleep(3_000)
  const baseline = await honest.tally()
  console.log(
    `baseline: ${baseline.calls} calls, p50 ${baseline.p50Ms.toFixed(1)} ms, p99 ${baseline.p99Ms.toFixed(1)} ms`,
  )
  for (const [name, attack, mostMib = MAX_GROWTH_MIB] of attacks) {
    if (wanted.length > 0 && !wanted.some(part => name.includes(part))) continue
    await suite.check(name, async () => {
      const before = await gauges.read()
      const { opened, fates, growthMib } = await wage(attack, server, ports)
      const { calls, errors, p50Ms, p99Ms, maxMs } = await honest.tally()
      const during = await gauges.read()
      const leftMib = await leftOver(gauges, before.heldMib)
      await honest.tally()
      const times = (p99Ms / baseline.p99Ms).toFixed(1)
      console.log(
        `     ${opened} connections: ${fates}\n     others: ${calls} calls, ${errors} errors, p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)} (${times}x), max ${maxMs.toFixed(0)} ms; loop late by ${during.late99Ms.toFixed(0)} (p99), ${during.lateMs.toFixed(0)} ms (max); resident +${growthMib.toFixed(0)} MiB, left over ${leftMib.toFixed(1)} MiB; CPU ${Math.round(((during.cpuMs - before.cpuMs) / 1_000 / seconds) * 100)} %`,
      )
      if (server.outcome !== undefined) throw new Error(`the server ended: ${server.stderr.slice(-2000)}`)
      if (errors > 0) throw new Error(`${errors} honest calls failed`)
      if (calls < seconds * 100) throw new Error(`only ${calls} honest calls were answered`)
      if (during.late99Ms > MAX_LATE_MS) throw new Error(`the loop was late by ${during.late99Ms.toFixed(0)} ms`)
      if (growthMib > mostMib) throw new Error(`memory grew by ${growthMib.toFixed(0)} MiB`)
      if (leftMib > MAX_LEFT_MIB) throw new Error(`${leftMib.toFixed(0)} MiB are left over`)
    })
  }
  await honest.stop()
  await server.end('SIGTERM')
  process.exitCode = suite.conclude()
})

/**
 * What the server still holds beyond what it held before, once it has noticed that its attackers are gone.
 * @param {Gauges} gauges
 * @param {number} beforeMib
 * @returns {Promise<number>}
 */
async function leftOver(gauges, beforeMib) {
  let leftMib = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 20 && leftMib > MAX_LEFT_MIB; tries++) {
    await sleep(500)
    leftMib = (await gauges.read()).heldMib - beforeMib
  }
  return leftMib
}

/**
 * Lets an attack run its time.
 * @param {import('./attacks/cases.mjs').Attack} attack
 * @param {Program} server
 * @param {{ plain: number, tls: number }} ports
 * @returns {Promise<{ opened: number, fates: string, growthMib: number }>}
 */
async function wage(attack, server, ports) {
  const beforeMib = residentMib(server.pid)
  let peakMib = beforeMib
  const watch = setInterval(() => {
    if (server.outcome === undefined) peakMib = Math.max(peakMib, residentMib(server.pid))
  }, 50)
  /** @type {Map<string, number>} */
  const ends = new Map()
  let opened = 0
  const untilMs = performance.now() + seconds * 1_000
  await attack({
    port: ports.plain,
    tlsPort: ports.tls,
    goOn: () => performance.now() < untilMs && server.outcome === undefined,
    ended: end => void ends.set(end, (ends.get(end) ?? 0) + 1),
    opened: connections => {
      opened += connections
    },
  })
  clearInterval(watch)
  return { opened, fates: describeFates(ends), growthMib: peakMib - beforeMib }
}
