// @ts-check
// The file of command lines that both servers are asked.
//
//   # a comment
//   == title -- --server-flag=1     a fresh pair of servers, with flags of its own
//   put key value                   words of an etcdctl command (words.mjs)
//     < a line                      a line of its standard input
//     <- a line                     the same without an end of line
//     <129 put k# v                 129 lines of input, numbered where the # stands
//     <x 00ff                       bytes of input
//     env NAME=value                in the environment of the command
//     capture name                  the id of the lease it made is $name from here on
//     lines 4                       does not end by itself: interrupted after so many lines of output
//     silence                       does not end by itself and has nothing to say
//     start name                    goes on in the background when it has said its `lines`
//     intended 2.6 why              differs on purpose, as that section of etcd.md says: etcd's answer becomes that of kvs
//     instead old new               when `new` is put instead of `old`; a /pattern/ is replaced in both answers
//   finish name                     the end of a command in the background: now it is compared
import { repeat, splitWords } from './words.mjs'

/**
 * @typedef {object} Command
 * @property {number} line where it stands
 * @property {string} text as it stands there
 * @property {readonly string[]} words `$name` not put in yet
 * @property {string | undefined} input `$name` not put in yet, a character for each byte
 * @property {Readonly<Record<string, string>>} env
 * @property {number | undefined} lines
 * @property {boolean} silence
 * @property {string | undefined} capture
 * @property {string | undefined} start
 * @property {{ section: string, why: string } | undefined} intended
 * @property {readonly { old: string, fresh: string }[]} instead
 */

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {number} line
 * @property {readonly string[]} flags of the servers
 * @property {readonly Command[]} commands
 */

/**
 * @param {string} text
 * @returns {Section[]} throws with the number of the line that cannot be read
 */
export function parseCommandFile(text) {
  /** @type {(Section & { commands: Command[] })[]} */
  const sections = []
  for (const [index, row] of text.split('\n').entries()) {
    const line = index + 1
    try {
      if (row.trim() === '' || row.startsWith('#')) continue
      if (row.startsWith('== ')) sections.push(parseTitle(row.slice(3), line))
      else if (row.startsWith('  ')) addDirective(sections.at(-1)?.commands, row.slice(2))
      else addCommand(sections.at(-1), newCommand(row, line))
    } catch (error) {
      throw new Error(`line ${line}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return sections
}

/** @param {string} text @param {number} line */
function parseTitle(text, line) {
  const [title = '', flags = ''] = text.split(' -- ')
  return { title, line, flags: splitWords(flags), commands: [] }
}

/** @param {string} text @param {number} line @returns {Command} */
function newCommand(text, line) {
  return {
    line,
    text,
    words: splitWords(text),
    input: undefined,
    env: {},
    lines: undefined,
    silence: false,
    capture: undefined,
    start: undefined,
    intended: undefined,
    instead: [],
  }
}

/** @param {{ commands: Command[] } | undefined} section @param {Command} command */
function addCommand(section, command) {
  if (section === undefined) throw new Error('a command before the first section')
  section.commands.push(command)
}

/**
 * @param {Command[] | undefined} commands
 * @param {string} text
 */
function addDirective(commands, text) {
  const command = commands?.at(-1)
  if (commands === undefined || command === undefined) throw new Error('there is no command yet')
  commands[commands.length - 1] = { ...command, ...directive(command, text) }
}

/**
 * @param {Command} command
 * @param {string} text
 * @returns {Partial<Command>}
 */
function directive(command, text) {
  const {
    before = '',
    count = '',
    after = '',
  } = /^<(?<before>-|x|)(?<count>\d*)(?: (?<after>.*))?$/.exec(text)?.groups ?? {}
  if (text.startsWith('<')) {
    const input = inputOf(before, after, Number(count || 1))
    return { input: (command.input ?? '') + input }
  }
  const [name = '', rest = ''] = split(text)
  switch (name) {
    case 'env': {
      const at = rest.indexOf('=')
      return { env: { ...command.env, [rest.slice(0, at)]: rest.slice(at + 1) } }
    }
    case 'lines':
      if (!/^\d+$/.test(rest)) throw new Error('lines: how many')
      return { lines: Number(rest) }
    case 'silence':
      return { silence: true }
    case 'capture':
      return { capture: rest }
    case 'start':
      return { start: rest }
    case 'intended': {
      const [section = '', why = ''] = split(rest)
      if (!/^\d+\.\d+$/.test(section) || why === '') throw new Error('intended: a section of etcd.md, and why')
      return { intended: { section, why } }
    }
    case 'instead': {
      const [old, fresh, ...more] = splitWords(rest)
      if (old === undefined || fresh === undefined || more.length > 0) throw new Error('instead: what, and by what')
      return { instead: [...command.instead, { old, fresh }] }
    }
    default:
      throw new Error(`no such directive: ${text}`)
  }
}

/** @param {string} kind @param {string} text @param {number} count */
function inputOf(kind, text, count) {
  if (kind === 'x') return Buffer.from(text, 'hex').toString('latin1')
  const bytes = Buffer.from(repeat(text)).toString('latin1')
  if (kind === '-') return bytes
  if (count === 1) return `${bytes}\n`
  return Array.from({ length: count }, (_, i) => `${bytes.replaceAll('#', String(i + 1))}\n`).join('')
}

/** @param {string} text the first word, and the rest */
function split(text) {
  const at = text.indexOf(' ')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()]
}
