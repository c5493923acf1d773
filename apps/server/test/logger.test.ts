import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '@kvs/server/embed'
import { expect, test } from 'vitest'
import { createLogger } from '../src/logger.ts'

/** A logger, and the lines it wrote. */
function world(
  options: {
    readonly level?: string
    readonly format?: string
    readonly isTTY?: boolean
    readonly now?: () => number
    readonly callers?: Readonly<Record<string, string>>
  } = {},
) {
  const lines: string[] = []
  const { level = 'info', format = '', isTTY = false } = options
  const outputs = [{ write: (text: string) => lines.push(text), isTTY }]
  const { now, callers } = options
  const rest = { ...(now === undefined ? {} : { now }), ...(callers === undefined ? {} : { callers }) }
  return { logger: createLogger({ level, format, outputs, ...rest }), lines }
}

test('lines have the shape of zap’s: level, ts, caller, msg, then the fields in their order', () => {
  const { logger, lines } = world()
  logger.info('serving client traffic', { address: '127.0.0.1:2379', 'member-id': 'ff' })
  const [line = ''] = lines
  expect(line.endsWith('}\n')).toBe(true)
  const parsed = JSON.parse(line) as Record<string, string>
  expect(Object.keys(parsed)).toEqual(['level', 'ts', 'caller', 'msg', 'address', 'member-id'])
  expect(parsed).toMatchObject({ level: 'info', msg: 'serving client traffic', address: '127.0.0.1:2379' })
  expect(parsed['ts']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  expect(parsed['caller']).toMatch(/^server\/logger\.test\.ts:\d+$/)
})

test('in a bundle a table tells who logs; who is not in it is known by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-bundle-'))
  const path = join(folder, 'main.js')
  writeFileSync(path, 'export function hello(logger) { logger.info("one"); logger.info("two") }')
  const bundle = (await import(path)) as { readonly hello: (logger: Logger) => void }
  const known = world({ callers: { 'main.js:1:40': 'server/embed.ts:7' } })
  bundle.hello(known.logger)
  rmSync(folder, { recursive: true })
  expect(known.lines.map(line => JSON.parse(line).caller)).toEqual(['server/embed.ts:7', 'Module.hello'])
})

test('the level can be changed, for functions that were taken before, too', () => {
  const { logger, lines } = world({ level: 'error' })
  const { debug } = logger
  debug('one')
  expect(logger.setLevel('debug')).toBe(true)
  debug('two')
  expect([logger.setLevel('loud'), logger.setLevel('constructor')]).toEqual([false, false])
  logger.setLevel('fatal')
  logger.error('three')
  expect(lines.map(line => JSON.parse(line).msg)).toEqual(['two'])
})

test('each method has its level, and those below the wanted one are silent', () => {
  const all = world({ level: 'debug' })
  const few = world({ level: 'warn' })
  for (const { logger } of [all, few]) {
    logger.debug('d')
    logger.info('i')
    logger.warn('w')
    logger.error('e')
  }
  const levels = (lines: readonly string[]): readonly string[] => lines.map(line => JSON.parse(line).level as string)
  expect(levels(all.lines)).toEqual(['debug', 'info', 'warn', 'error'])
  expect(levels(few.lines)).toEqual(['warn', 'error'])
})

test('the console format is for people: one line, time, level, message, fields', () => {
  const { logger, lines } = world({ format: 'console' })
  logger.warn('something happened', { path: '/data', reason: 'two words', count: 3 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}something happened {2}path=\/data reason="two words" count=3\n$/,
  )
})

test('a terminal gets the console format in color unless JSON is asked for', () => {
  const terminal = world({ isTTY: true })
  terminal.logger.info('hello')
  expect(terminal.lines[0]).toContain('\x1b[32minfo')
  const json = world({ isTTY: true, format: 'json' })
  json.logger.info('hello')
  expect(JSON.parse(json.lines[0] ?? '').msg).toBe('hello')
})

test('several outputs get every line, each in the format that suits it', () => {
  const [file, terminal]: [string[], string[]] = [[], []]
  const logger = createLogger({
    level: 'info',
    format: '',
    outputs: [{ write: text => file.push(text) }, { write: text => terminal.push(text), isTTY: true }],
  })
  logger.info('hello', { address: 'here' })
  expect(JSON.parse(file[0] ?? '')).toMatchObject({ msg: 'hello', address: 'here' })
  expect(terminal[0]).toContain('hello  address=here')
})

test('of a flood of equal lines the first hundred of a second are written, and then every hundredth', () => {
  let nowMs = 1_000_000
  const { logger, lines } = world({ now: () => nowMs })
  for (let i = 0; i < 1000; i++) logger.warn('again', { i })
  logger.warn('something else')
  logger.info('again')
  expect(lines).toHaveLength(100 + 9 + 2)
  expect(lines.slice(99, 102).map(line => JSON.parse(line).i)).toEqual([99, 199, 299])
  nowMs += 1000
  logger.warn('again')
  expect(lines).toHaveLength(112)
})
