import { type Bytes, type CompareOperator, compare, operation, type Range } from '@kvs/client'
import type { CompareInit, RequestOpInit } from '@kvs/client/messages'
import type { Command } from '../command.ts'
import { CtlError } from '../errors.ts'
import { parseHexInt64, parseInt64, splitWords, unquote } from '../go-text.ts'
import { type Parsed, parseCommandLine } from '../parse.ts'
import type { Session } from '../session.ts'
import { del, deleteArguments, get, getArguments, put, putArguments } from './kv.ts'

const invalid = (message: string): CtlError => new CtlError('invalidInput', message)

const comparison = /^([^(]*)\(\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\)\s*(\S+)\s+("(?:[^"\\]|\\.)*"|`[^`]*`)/

/** `mod("key") > "0"`: target, key, operator and value; the value is always quoted. */
function parseCompare(line: string): CompareInit {
  if (!line.includes('(')) throw invalid(`malformed comparison: ${line}`)
  const [, target = '', keyLiteral = '', operator = '', valueLiteral = ''] = comparison.exec(line) ?? []
  const key = unquote(keyLiteral)
  const value = unquote(valueLiteral)
  if (key === undefined || value === undefined) throw invalid(`malformed comparison: ${line}`)
  if (!['=', '!=', '<', '>'].includes(operator)) {
    throw invalid(`malformed comparison: ${line} (unknown operator ${operator})`)
  }
  try {
    return compareOf(target, key, operator as CompareOperator, value)
  } catch (error) {
    if (error instanceof CtlError) throw invalid(`malformed comparison: ${line} (${error.message})`)
    throw invalid(`invalid txn compare request: ${line} (${error instanceof Error ? error.message : error})`)
  }
}

function compareOf(target: string, key: Bytes, operator: CompareOperator, value: Uint8Array): CompareInit {
  const text = Buffer.from(value).toString()
  switch (target) {
    case 'ver':
    case 'version':
      return compare.version(key, operator, parseInt64(text))
    case 'c':
    case 'create':
      return compare.createRevision(key, operator, parseInt64(text))
    case 'm':
    case 'mod':
      return compare.modRevision(key, operator, parseInt64(text))
    case 'val':
    case 'value':
      return compare.value(key, operator, value)
    case 'lease':
      return compare.lease(key, operator, parseHexInt64(text))
    default:
      throw invalid(`unknown target ${target}`)
  }
}

/** A put, get or del command line. */
async function parseOperation(line: string): Promise<RequestOpInit> {
  const words = splitWords(line)
  if (words.length < 2) throw invalid(`invalid txn compare request: ${line}`)
  const { texts, restore } = asTexts(words)
  let parsed: Parsed<Session> | undefined
  try {
    parsed = parseCommandLine(texts, { name: '', commands: [put, get, del], globals: [], env: {}, out: () => {} })
  } catch {
    throw invalid(`invalid txn request: ${line}`)
  }
  if (parsed === undefined) throw invalid(`invalid txn request: ${line}`)
  const { command, args, flags } = parsed
  const noInput = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array())
  if (command === put) {
    const { key, value, options } = await putArguments(args, flags, noInput)
    return operation.put(restore(key), typeof value === 'string' ? restore(value) : value, options)
  }
  if (command === get) {
    const { range, options } = getArguments(args, flags)
    return operation.get(restoreRange(range, restore), options)
  }
  const { range, options } = deleteArguments(args, flags)
  return operation.delete(restoreRange(range, restore), options)
}

/** Words that are no text pass through the command line under a name of their own. */
function asTexts(words: readonly (string | Uint8Array)[]): {
  readonly texts: string[]
  readonly restore: (text: string) => Bytes
} {
  const binary = new Map<string, Uint8Array>()
  const texts = words.map((word, i) => {
    if (typeof word === 'string') return word
    const name = `\0binary-${i}`
    binary.set(name, word)
    return name
  })
  return { texts, restore: text => binary.get(text) ?? text }
}

function restoreRange(range: Range, restore: (text: string) => Bytes): Range {
  const bytes = (each: Bytes): Bytes => (typeof each === 'string' ? restore(each) : each)
  if (typeof range === 'string' || range instanceof Uint8Array) return bytes(range)
  if ('prefix' in range) return { prefix: bytes(range.prefix) }
  if ('from' in range) return { from: bytes(range.from) }
  return { key: bytes(range.key), end: bytes(range.end) }
}

/** Lines up to an empty one. */
async function readSection<T>(
  lines: AsyncIterator<string>,
  parse: (line: string) => T | Promise<T>,
): Promise<readonly T[]> {
  const items: T[] = []
  for (;;) {
    const { done, value } = await lines.next()
    if (done === true) throw invalid('EOF')
    const line = value.trim()
    if (line === '') return items
    items.push(await parse(line))
  }
}

async function runTxn(session: Session, interactive: boolean): Promise<void> {
  const lines = session.io.readLines()
  const section = <T>(title: string, parse: (line: string) => T | Promise<T>): Promise<readonly T[]> => {
    if (interactive) session.line(title)
    return readSection(lines, parse)
  }
  const compares = await section('compares:', parseCompare)
  const success = await section('success requests (get, put, del):', parseOperation)
  const failure = await section('failure requests (get, put, del):', parseOperation)
  const client = await session.client()
  const txn = client
    .txn()
    .if(...compares)
    .then(...success)
    .else(...failure)
  const response = await txn.commit({ timeoutMs: Number.POSITIVE_INFINITY, signal: session.io.interrupted })
  session.print('txn', { response })
}

export const txn: Command = {
  name: 'txn',
  summary: 'Txn processes all the requests in one transaction',
  usage: '(compares, success requests and failure requests from standard input, each ended by an empty line)',
  examples: [`txn <<< $'mod("key1") > "0"\\n\\nput key1 "new"\\n\\nput key1 "first"\\n\\n'`, 'txn --interactive'],
  flags: [{ name: 'interactive', short: 'i', kind: 'bool', value: 'false', help: 'say what is asked for' }],
  run: async (session, args, flags) => {
    if (args.length > 0) throw new CtlError('badArguments', 'txn command does not accept argument')
    await runTxn(session, flags.bool('interactive'))
  },
}
