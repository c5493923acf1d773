/** Scripts that let a shell complete command lines, made of the table of commands. */
import type { Command, Flag } from './command.ts'
import { CtlError } from './errors.ts'
import { quote } from './go-text.ts'

/** A program as far as its command lines go. */
export interface CompletedProgram<Context> {
  readonly name: string
  readonly commands: readonly Command<Context>[]
  readonly globals: readonly Flag[]
}

/** What may follow one command: its path is empty for the program itself. */
interface Place {
  /** `snapshot`, `restore` */
  readonly path: readonly string[]
  readonly commands: readonly Readonly<{ name: string; summary: string }>[]
  readonly flags: readonly Flag[]
}

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

/** `completion SHELL`, for a program whose commands are known when it runs. */
export function completionCommand<Context>(of: {
  readonly program: () => CompletedProgram<Context>
  readonly say: (context: Context, lines: readonly string[]) => void
}): Command<Context> {
  return {
    name: 'completion',
    summary: 'Generates completion script',
    usage: `[${shells.join('|')}]`,
    run: (context, args) => {
      const { program } = of
      if (args.length !== 1) throw new CtlError('error', `accepts 1 arg(s), received ${args.length}`)
      const shell = shells.find(name => name === args[0])
      if (shell === undefined) {
        throw new CtlError('error', `invalid argument ${quote(args[0] ?? '')} for "${program().name} completion"`)
      }
      of.say(context, scripts[shell](program().name, placesOf(program())))
      return Promise.resolve()
    },
  }
}

function placesOf<Context>({ commands, globals }: CompletedProgram<Context>): Place[] {
  const below = (path: readonly string[], children: readonly Command<Context>[], flags: readonly Flag[]): Place[] => [
    { path, commands: children, flags },
    ...children.flatMap(child =>
      below([...path, child.name], child.children ?? [], [...flags, ...(child.flags ?? [])]),
    ),
  ]
  const own = { name: 'help', kind: 'bool', value: 'false', help: 'show this help' } as const
  return below([], commands, [...globals, own])
}

const flagWords = ({ flags }: Place): string[] =>
  flags.map(({ name, kind }) => `--${name}${kind === 'bool' ? '' : '='}`)
const wordsOf = (place: Place): string => [...place.commands.map(({ name }) => name), ...flagWords(place)].join(' ')
const pathOf = ({ path }: Place): string => path.map(name => `/${name}`).join('')

const scripts: Readonly<Record<(typeof shells)[number], (name: string, places: readonly Place[]) => string[]>> = {
  bash: (name, places) => [
    `# bash completion for ${name}`,
    `_${name}() {`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own braces
    '  local word path= words= current="${COMP_WORDS[COMP_CWORD]}"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own braces
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$path/$word" in',
    `      ${places.slice(1).map(pathOf).join('|')}) path="$path/$word" ;;`,
    '    esac',
    '  done',
    '  case "$path" in',
    ...places.map(place => `    '${pathOf(place)}') words='${wordsOf(place)}' ;;`),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own braces
    '  if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace; fi',
    '}',
    `complete -o default -o bashdefault -F _${name} ${name}`,
  ],
  zsh: (name, places) => [
    `#compdef ${name}`,
    `_${name}() {`,
    "  local word place=''",
    '  local -a found',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own braces
    '  for word in ${words[2,CURRENT-1]}; do',
    '    case "$place/$word" in',
    `      ${places.slice(1).map(pathOf).join('|')}) place="$place/$word" ;;`,
    '    esac',
    '  done',
    '  case "$place" in',
    ...places.map(place => `    '${pathOf(place)}') found=(${wordsOf(place)}) ;;`),
    '  esac',
    '  compadd -a found || _files',
    '}',
    `if [ "$funcstack[1]" = "_${name}" ]; then _${name}; else compdef _${name} ${name}; fi`,
  ],
  fish: (name, places) => [
    `# fish completion for ${name}`,
    `function __${name}_at`,
    "  set -l place ''",
    '  for word in (commandline -opc)[2..-1]',
    '    switch "$place/$word"',
    `      case ${places
      .slice(1)
      .map(place => `'${pathOf(place)}'`)
      .join(' ')}`,
    '        set place "$place/$word"',
    '    end',
    '  end',
    '  test "$place" = "$argv[1]"',
    'end',
    ...places.flatMap(place => {
      const at = `complete -c ${name} -n "__${name}_at '${pathOf(place)}'"`
      return [
        ...place.commands.map(each => `${at} -f -a ${each.name} -d ${fishText(each.summary)}`),
        ...place.flags.map(
          flag => `${at} -l ${flag.name}${flag.kind === 'bool' ? '' : ' -r'} -d ${fishText(flag.help)}`,
        ),
      ]
    }),
  ],
  powershell: (name, places) => [
    `# powershell completion for ${name}`,
    `Register-ArgumentCompleter -Native -CommandName '${name}' -ScriptBlock {`,
    '  param($wordToComplete, $commandAst, $cursorPosition)',
    '  $words = @{',
    ...places.map(place => `    '${pathOf(place)}' = '${wordsOf(place)}'`),
    '  }',
    "  $place = ''",
    '  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {',
    '    if ($words.ContainsKey("$place/$element")) { $place = "$place/$element" }',
    '  }',
    '  $words[$place] -split " " | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {',
    "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
    '  }',
    '}',
  ],
}

const fishText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
