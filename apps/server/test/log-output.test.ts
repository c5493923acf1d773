import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLogOutputs } from '../src/log-output.ts'

test('standard streams, and files that are appended to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-log-'))
  const path = join(folder, 'log')
  expect(openLogOutputs(['default', 'stderr', 'stdout'])).toEqual([process.stderr, process.stderr, process.stdout])
  for (const text of ['one\n', 'two\n']) openLogOutputs([path])[0]?.write(text)
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  rmSync(folder, { recursive: true })
})

test('a file that cannot be opened is named', () => {
  expect(() => openLogOutputs(['/nonexistent/x'])).toThrow('open sink "/nonexistent/x": ENOENT')
})
