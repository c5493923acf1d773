/**
 * Golden scripts in the datadriven dialect: text in, text out.
 *
 * ```
 * # a comment
 * command positional key=value key=(v1,v2) \
 *     continued=yes
 * optional input lines
 * ----
 * expected output, up to the first blank line
 * ```
 *
 * Expected output that itself holds blank lines stands between two pairs of `----` lines. The runner knows nothing of
 * the commands: a handler turns each directive into text, and the text must equal the expectation byte for byte.
 */

/** One argument of a directive: `key`, `key=value` or `key=(v1,v2)`. A bare `key` has no values. */
export interface ScriptArgument {
  readonly key: string
  readonly values: readonly string[]
}

/** One directive of a script with what it must print. */
export interface ScriptCase {
  /** Where the directive stands, `name:line` (lines count from 1). */
  readonly position: string
  readonly command: string
  readonly args: readonly ScriptArgument[]
  /** The lines between the directive and `----`, trimmed. */
  readonly input: string
  /** Ends with a newline unless it is empty. */
  readonly expected: string
  /** Line numbers, from 0, of what stands after the first `----`: `[start, end)`. */
  readonly expectedLines: { readonly start: number; readonly end: number }
}

export interface Script {
  readonly name: string
  readonly text: string
  readonly cases: readonly ScriptCase[]
}

/** A directive whose output differs from what its script expects. */
export interface ScriptMismatch {
  readonly position: string
  readonly command: string
  readonly expected: string
  readonly actual: string
}

export interface ScriptResult {
  readonly directives: number
  readonly mismatches: readonly ScriptMismatch[]
  /** The script with the actual outputs in place of the expected ones. */
  readonly rewritten: string
}

export type ScriptErrorCode = 'SYNTAX' | 'ARGUMENT' | 'MISMATCH' | 'HANDLER'

/** A script that cannot be read, a directive with a wrong argument, or outputs that differ. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
  readonly code: ScriptErrorCode

  constructor(code: ScriptErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

const SEPARATOR = '----'

/** Splits a script into its directives. Throws `ScriptError` (`SYNTAX`) with the line of the fault. */
export function parseScript(source: { readonly name: string; readonly text: string }): Script {
  const lines = source.text.split('\n')
  const cases: ScriptCase[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at]!.trim()
    if (line === '' || line.startsWith('#')) {
      at++
      continue
    }
    const parsed = parseCase(source.name, lines, at)
    cases.push(parsed.scriptCase)
    at = parsed.next
  }
  return { name: source.name, text: source.text, cases }
}

function parseCase(name: string, lines: readonly string[], first: number): { scriptCase: ScriptCase; next: number } {
  const position = `${name}:${first + 1}`
  let at = first
  let directive = lines[at++]!.trim()
  while (directive.endsWith('\\')) {
    if (at >= lines.length) throw new ScriptError('SYNTAX', `${position}: the last line of the script is continued`)
    directive = `${directive.slice(0, -1).trimEnd()} ${lines[at++]!.trim()}`
  }
  const inputStart = at
  while (at < lines.length && lines[at] !== SEPARATOR) at++
  if (at >= lines.length) throw new ScriptError('SYNTAX', `${position}: no ${SEPARATOR} after "${directive}"`)
  const input = lines.slice(inputStart, at).join('\n').trim()
  const start = at + 1
  const { expected, end } = readExpected(lines, start, position)
  const [command, ...args] = splitDirective(directive, position)
  if (command === undefined || command.values.length > 0) {
    throw new ScriptError('SYNTAX', `${position}: a directive starts with its command: "${directive}"`)
  }
  return {
    scriptCase: { position, command: command.key, args, input, expected, expectedLines: { start, end } },
    next: end,
  }
}

function readExpected(
  lines: readonly string[],
  start: number,
  position: string,
): { readonly expected: string; readonly end: number } {
  let at = start
  if (lines[at] === SEPARATOR) {
    at++
    while (at < lines.length && !(lines[at] === SEPARATOR && lines[at + 1] === SEPARATOR)) at++
    if (at >= lines.length) throw new ScriptError('SYNTAX', `${position}: the double ${SEPARATOR} is never closed`)
    return { expected: joinLines(lines.slice(start + 1, at)), end: at + 2 }
  }
  while (at < lines.length && lines[at]!.trim() !== '') at++
  return { expected: joinLines(lines.slice(start, at)), end: at }
}

function joinLines(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

/** Cuts a directive line at blanks that stand outside parentheses. */
function splitDirective(directive: string, position: string): ScriptArgument[] {
  const words: string[] = []
  let word = ''
  let depth = 0
  for (const char of directive) {
    if (char === '(') depth++
    if (char === ')') depth--
    if (depth < 0) break
    if ((char === ' ' || char === '\t') && depth === 0) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      word += char
    }
  }
  if (depth !== 0) throw new ScriptError('SYNTAX', `${position}: unbalanced parentheses in "${directive}"`)
  if (word !== '') words.push(word)
  return words.map(parseArgument)
}

function parseArgument(word: string): ScriptArgument {
  const equals = word.indexOf('=')
  if (equals < 0) return { key: word, values: [] }
  const key = word.slice(0, equals)
  const value = word.slice(equals + 1)
  if (!value.startsWith('(') || !value.endsWith(')')) return { key, values: [value] }
  const inner = value.slice(1, -1).trim()
  return { key, values: inner === '' ? [] : inner.split(',').map(part => part.trim()) }
}

/** The bare words after the command, in order. */
export function positionalArguments(scriptCase: ScriptCase): readonly string[] {
  return scriptCase.args.filter(arg => arg.values.length === 0).map(arg => arg.key)
}

/** The values of `key=...`, or `undefined` if the directive does not name the key. */
export function argumentValues(scriptCase: ScriptCase, key: string): readonly string[] | undefined {
  return scriptCase.args.find(arg => arg.key === key)?.values
}

/** The one value of `key=value`, or `undefined`. Throws `ScriptError` (`ARGUMENT`) for none or several values. */
export function argumentValue(scriptCase: ScriptCase, key: string): string | undefined {
  const values = argumentValues(scriptCase, key)
  if (values === undefined) return undefined
  if (values.length !== 1) throw new ScriptError('ARGUMENT', `${scriptCase.position}: ${key} takes one value`)
  return values[0]
}

/** Runs every directive through `handler` and compares. */
export function runScript(script: Script, handler: (directive: ScriptCase) => string): ScriptResult {
  const outputs: string[] = []
  for (const scriptCase of script.cases) {
    try {
      outputs.push(handler(scriptCase))
    } catch (cause) {
      throw handlerFailed(scriptCase, cause)
    }
  }
  return compare(script, outputs)
}

/** `runScript` for handlers that wait, one directive after the other. */
export async function runScriptAsync(
  script: Script,
  handler: (directive: ScriptCase) => Promise<string>,
): Promise<ScriptResult> {
  const outputs: string[] = []
  for (const scriptCase of script.cases) {
    try {
      outputs.push(await handler(scriptCase))
    } catch (cause) {
      throw handlerFailed(scriptCase, cause)
    }
  }
  return compare(script, outputs)
}

function handlerFailed(scriptCase: ScriptCase, cause: unknown): ScriptError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ScriptError('HANDLER', `${scriptCase.position}: ${scriptCase.command}: ${reason}`, { cause })
}

function compare(script: Script, outputs: readonly string[]): ScriptResult {
  const mismatches: ScriptMismatch[] = []
  const lines = script.text.split('\n')
  const rewritten: string[] = []
  let copied = 0
  script.cases.forEach((scriptCase, at) => {
    const actual = withFinalNewline(outputs[at]!)
    const { position, command, expected, expectedLines } = scriptCase
    if (actual !== expected) mismatches.push({ position, command, expected, actual })
    rewritten.push(...lines.slice(copied, expectedLines.start), ...expectation(actual))
    copied = expectedLines.end
  })
  rewritten.push(...lines.slice(copied))
  return { directives: script.cases.length, mismatches, rewritten: rewritten.join('\n') }
}

function withFinalNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** The lines that stand for `output` in a script: doubled separators where it holds blank lines. */
function expectation(output: string): string[] {
  if (output === '') return []
  const lines = output.slice(0, -1).split('\n')
  const doubled = lines.some(line => line.trim() === '')
  return doubled ? [SEPARATOR, ...lines, SEPARATOR, SEPARATOR] : lines
}

/**
 * Passes a result on, or throws `ScriptError` (`MISMATCH`) that shows the first differing directives side by side.
 * With `rewrite` (our own scripts under `KVS_REWRITE=1`) it hands over the new text instead of throwing.
 */
export function settleScript(
  result: ScriptResult,
  rewrite: ((text: string) => void) | undefined = undefined,
): ScriptResult {
  if (result.mismatches.length === 0) return result
  if (rewrite !== undefined) {
    rewrite(result.rewritten)
    return result
  }
  throw new ScriptError('MISMATCH', result.mismatches.slice(0, 3).map(describeMismatch).join('\n'))
}

/** Both texts of a mismatch, with the first differing line marked. */
export function describeMismatch(mismatch: ScriptMismatch): string {
  const expected = mismatch.expected.split('\n')
  const actual = mismatch.actual.split('\n')
  let first = 0
  while (first < expected.length && expected[first] === actual[first]) first++
  return [
    `${mismatch.position}: ${mismatch.command}: output differs in line ${first + 1}`,
    `  expected: ${JSON.stringify(expected[first] ?? '')}`,
    `  actual:   ${JSON.stringify(actual[first] ?? '')}`,
    'actual output:',
    mismatch.actual,
  ].join('\n')
}
