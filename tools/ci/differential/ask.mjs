// @ts-check
// One command line of the file, asked of one server by the real etcdctl.
import { setTimeout as sleep } from 'node:timers/promises'
import { etcdctlProgram, Program } from '../end-to-end/programs.mjs'
import { Answer } from './answer.mjs'
import { normalise } from './normalise.mjs'
import { substitute } from './words.mjs'

/** @typedef {import('./command-file.mjs').Command} Command */
/** @typedef {import('./pair.mjs').Side} Side */

/** Who has said what it should say must not go on after that. */
const quietMs = 150
/** Who says nothing is believed after so long. */
const silenceMs = 600
/** A command that has not said its lines by then has failed. */
const linesMs = 8_000
/** A command that does not end by itself by then has failed. */
const endMs = 15_000

/**
 * Runs a command to its end, or to where it goes on in the background.
 * @param {Command} command
 * @param {Side} side
 * @returns {Promise<Answer | undefined>} undefined in the background
 */
export async function ask(command, side) {
  const [first, name = ''] = command.words
  const values = side.leases
  const isEnd = first === 'finish'
  const program = isEnd ? side.background.get(name) : start(command, side)
  if (program === undefined) throw new Error(`line ${command.line}: nothing is called ${name}`)
  if (isEnd) side.background.delete(name)
  if (command.lines !== undefined) await saysLines(program, command.lines)
  if (command.start !== undefined) {
    side.background.set(command.start, program)
    return undefined
  }
  if (command.silence) await sleep(silenceMs)
  if (isEnd || staysOpen(command)) await sleep(quietMs)
  const { status, signal, stdout, stderr } = await end(program, isEnd || staysOpen(command))
  if (command.capture !== undefined) values.set(command.capture, leaseIn(stdout, command))
  return new Answer({
    ended: signal === null ? `status ${status}` : `signal ${signal}`,
    stdout: normalise(stdout, command.words, side),
    stderr: normalise(stderr, command.words, side),
  })
}

/** @param {Command} command */
function staysOpen(command) {
  return command.lines !== undefined || command.silence || command.start !== undefined
}

/** @param {Command} command @param {Side} side */
function start(command, side) {
  const values = new Map([...side.leases, ['endpoint', `127.0.0.1:${side.port}`]])
  const args = command.words.map(word => substitute(word, values))
  const input = Buffer.from(substitute(command.input ?? '', values), 'latin1')
  const program = new Program(etcdctlProgram, [`--endpoints=127.0.0.1:${side.port}`, ...args], {
    env: { ETCDCTL_API: '3', ...command.env },
    cwd: side.folder,
    encoding: 'latin1',
    ...(staysOpen(command) ? {} : { input }),
  })
  if (staysOpen(command) && input.length > 0) program.write(input)
  return program
}

/** @param {Program} program @param {number} count */
async function saysLines(program, count) {
  const hasSaid = () => program.stdout.split('\n').length > count || program.outcome !== undefined
  const until = performance.now() + linesMs
  while (!hasSaid() && performance.now() < until) await sleep(5)
}

/** @param {Program} program @param {boolean} interrupt */
async function end(program, interrupt) {
  if (interrupt) return program.end('SIGINT')
  const late = setTimeout(() => void program.end('SIGKILL'), endMs)
  try {
    return await program.ended
  } finally {
    clearTimeout(late)
  }
}

/** @param {string} stdout @param {Command} command */
function leaseIn(stdout, command) {
  const match = /lease ([0-9a-f]{16}) granted|"ID"\s*:\s*(\d+)/.exec(stdout)
  if (match === null) throw new Error(`line ${command.line}: no lease was granted: ${stdout}`)
  const [, hex, decimal] = match
  return BigInt(hex === undefined ? (decimal ?? '0') : `0x${hex}`).toString(16)
}
