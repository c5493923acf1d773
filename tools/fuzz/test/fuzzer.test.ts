import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleProgram } from '../../workspace/bundle.mjs'
import { readCorpus } from '../corpus.ts'
import { measuredParts } from '../coverage.ts'
import type { Finding, FuzzReport } from '../fuzzer.ts'
import { minimize } from '../minimize.ts'
import { Mutator } from '../mutator.ts'
import { targets } from '../targets.ts'
import { plantedTarget } from './planted-target.ts'

/** Runs `planted.ts`, bundled: V8 measures a program, not what a test runner makes of it. */
async function plant(...args: string[]): Promise<FuzzReport> {
  const program = join(await folder, 'planted.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args])
  return JSON.parse(stdout) as FuzzReport
}

const folder = (async () => {
  const made = await mkdtemp(join(tmpdir(), 'kvs-fuzz-'))
  const root = join(import.meta.dirname, '../../..')
  const file = join(import.meta.dirname, 'planted.ts')
  expect(await bundleProgram({ root, outfile: join(made, 'planted.mjs'), from: { file } })).toEqual([])
  return made
})()
afterAll(async () => rm(await folder, { recursive: true }))

const bytesOf = (finding: Finding | undefined): string => Buffer.from(Object.values(finding?.input ?? {})).toString()

describe('the fuzzer', () => {
  test('finds what only coverage leads to, and makes it small', async () => {
    const { findings } = await plant('guided')
    expect(findings.map(({ kind, message }) => [kind, message])).toEqual([
      ['crash', expect.stringMatching(/^RangeError: found N /)],
    ])
    expect(bytesOf(findings[0])).toBe('fuzz!')
  })

  test('does not find it blindly', async () => {
    expect((await plant('blind')).findings).toEqual([])
  })

  test('finds what is slow each time, not what was slow once', async () => {
    const { findings } = await plant('slow')
    expect(findings.map(({ kind, message }) => [kind, message])).toEqual([['hang', 'longer than 100 ms']])
    expect(bytesOf(findings[0])[0]).toBe('\u0001')
  })

  test('gives back a corpus of what leads on, and no more', async () => {
    const { corpus } = await plant('corpus')
    expect(corpus.length).toBeGreaterThanOrEqual(3)
    expect(corpus.length).toBeLessThanOrEqual(6)
  })

  test('the same seed makes the same inputs', () => {
    const make = (): string => {
      const mutator = new Mutator(plantedTarget, new SeededRandom(7))
      let input: Uint8Array = new Uint8Array(8)
      return Array.from({ length: 200 }, () => {
        input = mutator.mutate(input, [Uint8Array.of(1, 2, 3)])
        return Buffer.from(input).toString('hex')
      }).join()
    }
    expect(make()).toBe(make())
  })

  test('minimize', async () => {
    const input = Uint8Array.from(Buffer.from('many bytes, of which two matter: <>.'))
    const small = await minimize(input, candidate => candidate.includes(0x3c) && candidate.includes(0x3e), 1_000)
    expect(Buffer.from(small).toString()).toBe('<>')
  })

  test('knows which parts of a bundle came from where', () => {
    const bundle = '// tools/a.ts\nmine()\n// packages/x/src/b.ts\nyours()\n// tools/c.mjs\nmine()\n'
    const isPlace = measuredParts(bundle, path => path.startsWith('packages/'))
    expect(['mine', 'yours', 'mine'].map((word, i) => isPlace(bundle.indexOf(word, i === 2 ? 50 : 0)))).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('the corpus', () => {
  for (const target of targets) {
    test(`${target.name}: nothing is found in what was found earlier`, async () => {
      const corpus = readCorpus(join(import.meta.dirname, '..'), target.name)
      expect(corpus.length).toBeGreaterThan(0)
      for (const input of [...target.seeds(), ...corpus]) expect(typeof (await target.run(input))).toBe('string')
    })
  }
})
