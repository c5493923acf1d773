import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openLogOutputs } from '../src/log-output.ts'
import type { LogRotation } from '../src/log-rotation.ts'
import { createLogger } from '../src/logger.ts'
import { RotatingFile } from '../src/rotating-file.ts'
import { tellServiceManager } from '../src/service-manager.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Puts a program of the shell first on the way to programs. */
function program(name: string, script: string): void {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

const inPath = (): string => `${folder}:${process.env['PATH']}`

test('standard streams', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  for (const output of openLogOutputs(['default', 'stderr', 'stdout'])) output.write('line\n', 'info')
  expect([write.mock.calls, out.mock.calls]).toEqual([[['line\n'], ['line\n']], [['line\n']]])
  vi.restoreAllMocks()
})

test('files are appended to', () => {
  const path = join(folder, 'log')
  for (const text of ['one\n', 'two\n']) openLogOutputs([path])[0]?.write(text, 'info')
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
})

test('a file that cannot be opened is named', () => {
  expect(() => openLogOutputs(['/nonexistent/x'])).toThrow('open sink "/nonexistent/x": ENOENT')
})

test('the journal gets lines with their priority through systemd-cat, which must be there', async () => {
  program('systemd-cat', `echo "$@" > ${folder}/args; exec cat > ${folder}/taken`)
  vi.stubEnv('PATH', inPath())
  const outputs = openLogOutputs(['systemd/journal'])
  const logger = createLogger({ level: 'debug', format: 'json', outputs })
  logger.warn('one')
  logger.debug('two')
  const taken = (): string => readFileSync(join(folder, 'taken'), 'utf8')
  await vi.waitFor(() => expect(taken()).toMatch(/^<4>\{"level":"warn".*\n<7>\{"level":"debug".*\n$/))
  expect(readFileSync(join(folder, 'args'), 'utf8')).toBe('--identifier=kvs --level-prefix=true\n')
  vi.stubEnv('PATH', '/nonexistent')
  expect(() => openLogOutputs(['systemd/journal'])).toThrow('needs the program systemd-cat')
  vi.unstubAllEnvs()
})

test('systemd is told through systemd-notify, if it asks to know', async () => {
  program('systemd-notify', `echo "$1 $NOTIFY_SOCKET" >> ${folder}/told`)
  vi.stubEnv('PATH', inPath())
  vi.stubEnv('NOTIFY_SOCKET', '/run/x')
  expect(await tellServiceManager('READY=1')).toBeUndefined()
  expect(await tellServiceManager('STOPPING=1')).toBeUndefined()
  expect(await tellServiceManager('READY=1', {})).toBeUndefined()
  expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('READY=1 /run/x\nSTOPPING=1 /run/x\n')
  program('systemd-notify', 'exit 3')
  expect(await tellServiceManager('READY=1')).toContain('Command failed')
  vi.stubEnv('PATH', '/nonexistent')
  expect(await tellServiceManager('READY=1')).toBe('the program systemd-notify is not there')
  vi.unstubAllEnvs()
})

describe('rotation', () => {
  const rotation: LogRotation = { maxBytes: 10, maxAgeMs: 0, maxBackups: 0, usesLocalTime: false, compresses: false }
  let nowMs: number
  beforeEach(() => {
    nowMs = Date.parse('2026-01-31T13:45:00.007Z')
  })

  function open(rest: Partial<LogRotation> = {}): RotatingFile {
    return new RotatingFile(join(folder, 'kvs.log'), { ...rotation, ...rest }, () => nowMs++)
  }
  const files = (): readonly string[] => readdirSync(folder).sort()
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')

  test('a line that would make the file too long goes to a new one; no line is cut', () => {
    const file = open()
    for (const line of ['12345\n', '678\n', 'a line that is longer than a file\n', 'x\n']) file.write(line)
    expect(files()).toEqual(['kvs-2026-01-31T13-45-00.007.log', 'kvs-2026-01-31T13-45-00.008.log', 'kvs.log'])
    expect(text('kvs-2026-01-31T13-45-00.007.log')).toBe('12345\n678\n')
    expect(text('kvs-2026-01-31T13-45-00.008.log')).toBe('a line that is longer than a file\n')
    expect(text('kvs.log')).toBe('x\n')
  })

  test('what is there counts', () => {
    writeFileSync(join(folder, 'kvs.log'), '123456789\n')
    open().write('x\n')
    expect(text('kvs.log')).toBe('x\n')
  })

  test('full files are compressed, and only so many are kept; others are left alone', async () => {
    writeFileSync(join(folder, 'kvs-other.log'), 'mine')
    const file = open({ compresses: true, maxBackups: 2 })
    for (const line of ['first---\n', 'second--\n', 'third---\n', 'fourth--\n']) file.write(line)
    await file.settled()
    const [older = '', newer = '', ...rest] = files()
    expect(rest).toEqual(['kvs-other.log', 'kvs.log'])
    expect([older, newer].map(name => name.endsWith('.log.gz'))).toEqual([true, true])
    expect(gunzipSync(readFileSync(join(folder, newer))).toString()).toBe('third---\n')
    expect(gunzipSync(readFileSync(join(folder, older))).toString()).toBe('second--\n')
  })

  test('and only for so long', async () => {
    const file = open({ maxAgeMs: 86_400_000 })
    file.write('first---\n')
    file.write('second--\n')
    nowMs += 2 * 86_400_000
    file.write('third---\n')
    await file.settled()
    expect(files()).toHaveLength(2)
  })

  test('a folder that is gone costs no line', () => {
    const file = open()
    file.write('first---\n')
    rmSync(folder, { recursive: true })
    expect(() => file.write('second--\n')).not.toThrow()
  })

  test('--log-outputs opens such a file', () => {
    const [output] = openLogOutputs([join(folder, 'kvs.log')], rotation)
    output?.write('123456789\n', 'info')
    output?.write('x\n', 'info')
    expect(files()).toHaveLength(2)
  })
})
