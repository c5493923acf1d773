/**
 * npm run proof -- server/soak [MINUTES]: a member at full load for ten minutes, puts, reads, transactions, renewals and watches
 * in turn. Its heap, what V8 holds outside of it and its anonymous memory must not grow: their medians over the last third
 * of the time are compared with those of the third before. Resident memory is shown and not judged: it has the pages of
 * the state file, which grows until a compaction, and which the kernel takes back when it wants to.
 */
import { spawn } from 'node:child_process'
import { generate } from '../bench/end-to-end/generator.ts'
import type { Load } from '../bench/end-to-end/loads.ts'
import { kvs, start } from '../bench/end-to-end/systems.ts'

/** What the last third may have more than the one before it. */
const growthMax = 1.1
const sampleMs = 5000

const usual = { keys: 100_000, valueBytes: 256, connections: 10, clients: 100 } as const
const loads: readonly Load[] = [
  { kind: 'put', ...usual, calls: 200_000 },
  { kind: 'range', ...usual, calls: 200_000 },
  { kind: 'txn', ...usual, calls: 100_000 },
  { kind: 'range', pairs: 1000, ...usual, calls: 2_000 },
  { kind: 'keep-alive', ...usual, calls: 100_000 },
  { kind: 'watch', ...usual, clients: 10, watchers: 1000, keys: 1000, calls: 10_000 },
]

interface Sample {
  readonly heapBytes: number
  readonly externalBytes: number
  readonly anonymousBytes: number
  readonly residentBytes: number
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`

/** One load after the other, in processes of their own, until the time is over; returns the calls made. */
async function drive(port: number, untilMs: number): Promise<number> {
  let calls = 0
  for (let turn = 0; performance.now() < untilMs; turn++) {
    const load = loads[turn % loads.length] as Load
    const args = [process.argv[1] as string, 'generate', String(port), JSON.stringify(load)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const status = await new Promise(resolve => child.once('exit', resolve))
    if (status !== 0) throw new Error(`the load '${load.kind}' ended with status ${status}`)
    calls += load.calls
  }
  return calls
}

async function main(): Promise<void> {
  const minutes = Number(process.argv[2] ?? 10)
  const server = await start(kvs(process.env['KVS_ROOT'] ?? process.cwd()), {
    more: ['--auto-compaction-mode=revision', '--auto-compaction-retention=100000'],
  })
  const samples: Sample[] = []
  const sampler = setInterval(() => {
    server.metrics().then(
      metrics => {
        const value = (name: string): number =>
          Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
        const { residentBytes, anonymousBytes } = server.memory()
        const heapBytes = value('nodejs_heap_size_used_bytes')
        const externalBytes = value('nodejs_external_memory_bytes')
        samples.push({ heapBytes, externalBytes, anonymousBytes, residentBytes })
      },
      () => {},
    )
  }, sampleMs)
  try {
    const calls = await drive(server.port, performance.now() + minutes * 60_000)
    clearInterval(sampler)
    const third = Math.floor(samples.length / 3)
    const [before, after] = [samples.slice(third, 2 * third), samples.slice(2 * third)]
    const fields = ['heapBytes', 'externalBytes', 'anonymousBytes', 'residentBytes'] as const
    const grown = fields.filter(field => {
      const [was, is] = [before, after].map(part => median(part.map(sample => sample[field]))) as [number, number]
      console.log(`${field.replace('Bytes', '')}: ${mb(was)}, then ${mb(is)}, ${(is / was).toFixed(2)}×`)
      return field !== 'residentBytes' && !(is <= was * growthMax)
    })
    const verdict = grown.length === 0 ? 'memory is flat' : `${grown.join(', ')} GREW`
    console.log(`${minutes} minutes at full load, ${calls} calls, ${samples.length} samples: ${verdict}`)
    process.exitCode = grown.length === 0 ? 0 : 1
  } finally {
    clearInterval(sampler)
    await server.stop()
  }
}

if (process.argv[2] === 'generate') {
  await generate(Number(process.argv[3]), JSON.parse(process.argv[4] as string) as Load)
} else await main()
