import { closeSync, openSync, readSync } from 'node:fs'
import { Session } from 'node:inspector'
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'

/** A time in which the loop of this thread stood still: between two looks that were to be a millisecond apart. */
export interface Gap {
  readonly tookMs: number
  /** CPU time of this thread in it. */
  readonly ownMs: number
  /** How long it was ready to run and had no core. What is left it waited for something else: a disk, another thread. */
  readonly corelessMs: number
  /** Collections of garbage in it, and what the profiler saw, where that was asked for. */
  readonly seen: string
}

/** The most of each since it was asked last, and the worst gaps. */
export interface OwnTime {
  readonly ownMs: number
  readonly corelessMs: number
  readonly gaps: readonly Gap[]
}

interface OpenGap extends Omit<Gap, 'seen'> {
  readonly startMs: number
}

const gapsKept = 4
const gapMsMin = 4

/**
 * Watches the CPU time of this thread, which must be the first of its process; returns what tells the most between two looks
 * since it was asked last. `trace`: also what happened in the worst gaps; `gc` is cheap, `profile` makes them longer.
 */
export function watchOwnTime(trace: 'none' | 'gc' | 'profile' = 'none'): () => Promise<OwnTime> {
  const cpu = openCpuTimes()
  const collections = trace === 'none' ? undefined : new Collections()
  let profiler = trace === 'profile' ? new Profiler() : undefined
  let lastMs = performance.now()
  let last = cpu()
  let ownMs = 0
  let corelessMs = 0
  let gaps: OpenGap[] = []
  setInterval(() => {
    const nowMs = performance.now()
    const now = cpu()
    const gap = {
      startMs: lastMs,
      tookMs: nowMs - lastMs,
      ownMs: now.ownMs - last.ownMs,
      corelessMs: now.corelessMs - last.corelessMs,
    }
    ownMs = Math.max(ownMs, gap.ownMs)
    corelessMs = Math.max(corelessMs, gap.corelessMs)
    lastMs = nowMs
    last = now
    if (gap.tookMs < gapMsMin || gap.tookMs < (gaps[gapsKept - 1]?.tookMs ?? 0)) return
    gaps = [...gaps, gap].sort((a, b) => b.tookMs - a.tookMs).slice(0, gapsKept)
  }, 1).unref()
  return async () => {
    const found = gaps
    const most = { ownMs, corelessMs }
    const profile = await profiler?.end()
    const seen = found.map(({ startMs, ...gap }) => {
      const endMs = startMs + gap.tookMs
      return { ...gap, seen: [collections?.within(startMs, endMs), profile?.(startMs, endMs)].join(' ').trim() }
    })
    profiler = trace === 'profile' ? new Profiler() : undefined
    collections?.forget()
    gaps = []
    lastMs = performance.now()
    last = cpu()
    ownMs = 0
    corelessMs = 0
    return { ...most, gaps: seen }
  }
}

interface CpuTimes {
  readonly ownMs: number
  readonly corelessMs: number
}

function openCpuTimes(): () => CpuTimes {
  let fd: number
  try {
    fd = openSync('/proc/self/schedstat', 'r')
  } catch {
    return () => ({ ownMs: 0, corelessMs: 0 })
  }
  process.once('exit', () => closeSync(fd))
  const line = Buffer.alloc(64)
  return () => {
    // The file tells what the kernel has counted, which may be a tick ago; asking for the process's time makes it count.
    process.cpuUsage()
    const [ownNs, corelessNs] = line.toString('latin1', 0, readSync(fd, line, 0, 64, 0)).split(' ')
    return { ownMs: Number(ownNs) / 1e6, corelessMs: Number(corelessNs) / 1e6 }
  }
}

class Collections {
  #seen: { readonly startMs: number; readonly tookMs: number; readonly kind: string }[] = []

  constructor() {
    const kinds: Readonly<Record<number, string>> = {
      1: 'scavenge',
      2: 'minor',
      4: 'major',
      8: 'incremental',
      16: 'weak',
    }
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        const { startTime, duration, detail } = entry as PerformanceEntry & {
          readonly detail: { readonly kind?: number }
        }
        const { kind = 0 } = detail
        this.#seen.push({ startMs: startTime, tookMs: duration, kind: kinds[kind] ?? String(kind) })
      }
    }).observe({ entryTypes: ['gc'] })
  }

  within(fromMs: number, toMs: number): string {
    const inside = this.#seen.filter(({ startMs, tookMs }) => startMs + tookMs > fromMs && startMs < toMs)
    return inside.map(({ kind, tookMs }) => `${kind} ${tookMs.toFixed(1)}`).join(', ')
  }

  forget(): void {
    this.#seen = []
  }
}

type ProfileOf = (fromMs: number, toMs: number) => string

class Profiler {
  readonly #session = new Session()
  readonly #startMs = performance.now()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.setSamplingInterval', { interval: 250 })
    this.#session.post('Profiler.start')
  }

  /** The functions that ran longest between two times, each with its callers. */
  end(): Promise<ProfileOf> {
    return new Promise((resolve, reject) => {
      this.#session.post('Profiler.stop', (error, { profile }) => {
        this.#session.disconnect()
        if (error !== null) return reject(error)
        const nodes = new Map(profile.nodes.map(node => [node.id, node]))
        const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id])))
        const stack = (id: number | undefined): string[] => {
          const frame = id === undefined ? undefined : nodes.get(id)?.callFrame
          return frame === undefined ? [] : [frame.functionName || '(anonymous)', ...stack(parents.get(id as number))]
        }
        resolve((fromMs, toMs) => {
          const times = new Map<string, number>()
          let atMs = this.#startMs
          for (const [i, id] of (profile.samples ?? []).entries()) {
            const tookMs = (profile.timeDeltas?.[i] ?? 0) / 1000
            atMs += tookMs
            if (atMs < fromMs || atMs > toMs) continue
            const name = stack(id).slice(0, 7).join(' < ')
            times.set(name, (times.get(name) ?? 0) + tookMs)
          }
          const most = [...times].sort(([, a], [, b]) => b - a).slice(0, 6)
          return most.map(([name, ms]) => `\n        ${ms.toFixed(1)} ${name}`).join('')
        })
      })
    })
  }
}
