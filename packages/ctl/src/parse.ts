import { CommanderError, Option, Command as Parser } from 'commander'
import type { Command, Flag, Flags } from './command.ts'
import { CtlError } from './errors.ts'
import { environmentName } from './global-flags.ts'
import { parseDurationMs, parseInt64, parseUint64, quote } from './go-text.ts'

/** A command line that was understood. */
export interface Parsed<Context> {
  readonly command: Command<Context>
  readonly args: readonly string[]
  readonly flags: Flags
}

export interface ParseOptions<Context> {
  readonly name: string
  readonly commands: readonly Command<Context>[]
  readonly globals: readonly Flag[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where help goes. */
  readonly out: (text: string) => void
}

/**
 * Finds the command and its flags as Go's flag library would: flags anywhere before `--`, `--flag=value` or `--flag value`,
 * bools alone or with `=true`. Undefined if help was asked for (and written). Throws `CtlError`.
 */
export function parseCommandLine<Context>(
  args: readonly string[],
  options: ParseOptions<Context>,
): Parsed<Context> | undefined {
  let found: Parsed<Context> | undefined
  const root = new Parser(options.name)
  configure(root, options)
  addFlags(root, options.globals)
  for (const command of candidates(args, options.commands)) {
    addCommand(root, command, options, (command, parser) => {
      const values = new Map(Object.entries({ ...root.opts(), ...parentOptions(parser), ...parser.opts() }))
      const flags = [...options.globals, ...flagsAbove(command, options.commands)]
      found = { command, args: parser.args, flags: new FlagValues(flags, values, options) }
    })
  }
  try {
    root.parse(normalize(args, options), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return undefined
    throw new CtlError('error', goErrorText(error, options.name))
  }
  return found
}

/** The commands that the line may mean, for building all of them takes a while; all of them if it names none. */
function candidates<Context>(
  args: readonly string[],
  commands: readonly Command<Context>[],
): readonly Command<Context>[] {
  const named = commands.filter(({ name }) => args.includes(name))
  return named.length === 0 || args.includes('--help') || args.includes('-h') ? commands : named
}

type Found<Context> = (command: Command<Context>, parser: Parser) => void

function configure(parser: Parser, options: Pick<ParseOptions<unknown>, 'out'>): void {
  parser.exitOverride()
  parser.configureOutput({ writeOut: options.out, writeErr: () => {}, outputError: () => {} })
  parser.helpOption('-h, --help', 'show this help')
  parser.helpCommand(false)
}

function addCommand<Context>(
  parent: Parser,
  command: Command<Context>,
  options: ParseOptions<Context>,
  found: Found<Context>,
): void {
  const parser = parent.command(command.name)
  configure(parser, options)
  parser.description(command.summary)
  addFlags(parser, command.flags ?? [])
  if (command.examples !== undefined) {
    const lines = command.examples.map(example => `  ${options.name} ${example}`).join('\n')
    parser.addHelpText('after', `\nExamples:\n${lines}`)
  }
  for (const child of command.children ?? []) addCommand(parser, child, options, found)
  if (command.run === undefined) return
  parser.argument('[args...]')
  parser.usage(`[options] ${command.usage ?? ''}`)
  parser.action(() => found(command, parser))
}

function addFlags(parser: Parser, flags: readonly Flag[]): void {
  for (const { name, short, kind, value, help } of flags) {
    const names = `${short === undefined ? '' : `-${short}, `}--${name}`
    const shown = value === '' || value === 'false' || value === '0' ? help : `${help} (default ${value})`
    if (kind === 'bool') {
      parser.addOption(boolOption(name, names, shown))
      if (!name.startsWith('no-')) parser.option(`--no-${name}`)
    } else if (kind === 'list') {
      const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), ...text.split(',')]
      parser.option(`${names} <${kind}>`, shown, collect)
    } else parser.option(`${names} <${kind}>`, shown)
  }
  parser.configureHelp({ visibleOptions: each => each.options.filter(option => !option.negate) })
}

/** commander would take `--no-password` for the opposite of `--password`; here it is a flag of its own. */
function boolOption(name: string, names: string, help: string): Option {
  if (!name.startsWith('no-')) return new Option(names, help)
  const option = new Option(`--${name.slice(3)}`, help)
  option.long = `--${name}`
  option.flags = names
  return option
}

/** Flags of the commands above this one (`endpoint --cluster status`). */
function parentOptions(parser: Parser): Record<string, unknown> {
  return parser.parent === null ? {} : { ...parentOptions(parser.parent), ...parser.parent.opts() }
}

function flagsAbove<Context>(command: Command<Context>, commands: readonly Command<Context>[]): Flag[] {
  for (const each of commands) {
    if (each === command) return [...(each.flags ?? [])]
    const below = flagsAbove(command, each.children ?? [])
    if (below.length > 0 || (each.children ?? []).includes(command)) return [...(each.flags ?? []), ...below]
  }
  return []
}

/** What Go's flags allow and commander does not: `--bool=false`, `-w=json`, and one flag under two commands. */
function normalize<Context>(args: readonly string[], options: ParseOptions<Context>): string[] {
  const bools = new Set<string>()
  const collect = (flags: readonly Flag[]): void => {
    for (const { name, kind } of flags) if (kind === 'bool') bools.add(name)
  }
  const walk = (commands: readonly Command<Context>[]): void => {
    for (const { flags, children } of commands) {
      collect(flags ?? [])
      walk(children ?? [])
    }
  }
  collect(options.globals)
  walk(options.commands)
  const end = args.indexOf('--')
  return args.map((arg, i) => {
    if (end >= 0 && i >= end) return arg
    const [, name = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(arg) ?? []
    if (!bools.has(name)) return arg.replace(/^(-[a-z])=/, '$1')
    if (/^(1|t|T|true|TRUE|True)$/.test(value)) return `--${name}`
    if (/^(0|f|F|false|FALSE|False)$/.test(value)) return `--no-${name}`
    const reason = `strconv.ParseBool: parsing ${quote(value)}: invalid syntax`
    throw new CtlError('error', `invalid argument ${quote(value)} for "--${name}" flag: ${reason}`)
  })
}

function goErrorText(error: CommanderError, program: string): string {
  const [, flag] = /'([^']*)'/.exec(error.message) ?? []
  switch (error.code) {
    case 'commander.unknownOption':
      return flag?.startsWith('--') === true
        ? `unknown flag: ${flag.replace(/=.*$/s, '')}`
        : `unknown shorthand flag: ${quote(flag?.charAt(1) ?? '')} in ${flag}`
    case 'commander.unknownCommand':
      return `unknown command ${quote(flag ?? '')} for ${quote(program)}`
    case 'commander.optionMissingArgument':
      return `flag needs an argument: ${/(--[a-z-]+)/.exec(error.message)?.[1]}`
    default:
      return error.message.replace(/^error: /, '')
  }
}

/** commander's name of `write-out` is `writeOut`. */
const camel = (name: string): string => name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase())

type FlagSources = Pick<ParseOptions<unknown>, 'globals' | 'env'>

class FlagValues implements Flags {
  readonly #flags: ReadonlyMap<string, Flag>
  readonly #values: ReadonlyMap<string, unknown>
  readonly #options: FlagSources

  constructor(flags: readonly Flag[], values: ReadonlyMap<string, unknown>, options: FlagSources) {
    this.#flags = new Map(flags.map(flag => [flag.name, flag]))
    this.#values = values
    this.#options = options
    for (const { name, kind } of flags) {
      if (kind === 'int') this.int(name)
      if (kind === 'uint') this.#checked(name, parseUint64)
      if (kind === 'duration') this.durationMs(name)
    }
    const missing = flags.filter(({ name, isRequired }) => isRequired === true && !this.given(name))
    if (missing.length === 0) return
    throw new CtlError('error', `required flag(s) ${missing.map(({ name }) => quote(name)).join(', ')} not set`)
  }

  bool(name: string): boolean {
    const value = this.#raw(name)
    return typeof value === 'boolean' ? value : /^(1|t|T|true|TRUE|True)$/.test(String(value))
  }

  text(name: string): string {
    return String(this.#raw(name))
  }

  int(name: string): number {
    return this.#checked(name, parseInt64)
  }

  durationMs(name: string): number {
    return this.#checked(name, parseDurationMs)
  }

  list(name: string): readonly string[] {
    const value = this.#raw(name)
    return Array.isArray(value) ? value : String(value).split(',')
  }

  given(name: string): boolean {
    return this.typed(name) || this.#fromEnvironment(name) !== undefined
  }

  typed(name: string): boolean {
    return this.#values.get(camel(name)) !== undefined
  }

  #checked(name: string, parse: (text: string) => number): number {
    const text = this.text(name)
    try {
      return parse(text)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new CtlError('error', `invalid argument ${quote(text)} for "--${name}" flag: ${reason}`)
    }
  }

  #raw(name: string): unknown {
    const flag = this.#flags.get(name)
    if (flag === undefined) throw new Error(`assertion failed: no flag --${name}`)
    return this.#values.get(camel(name)) ?? this.#fromEnvironment(name) ?? flag.value
  }

  #fromEnvironment(name: string): string | undefined {
    if (!this.#options.globals.some(flag => flag.name === name)) return undefined
    const value = this.#options.env[environmentName(name)]
    return value === '' ? undefined : value
  }
}
