import { MessageType } from '../types.ts'
import { type Directive, valuesOf } from './directive.ts'

/* Arguments of the directives of cluster scripts. All throw `Error` for what they cannot read. */

/** The bare words after the command. */
export function positional(directive: Directive): readonly string[] {
  return directive.args.filter(({ values }) => values.length === 0).map(({ key }) => key)
}

/** The bare words, as ids of nodes. */
export function idsOf(directive: Directive): readonly bigint[] {
  return positional(directive).map(parseId)
}

/** The one id, or the first of several words. */
export function firstId(directive: Directive): bigint {
  const [word] = positional(directive)
  if (word === undefined) throw new Error(`${directive.command}: which node?`)
  return parseId(word)
}

/** Exactly two ids. */
export function twoIds(directive: Directive): readonly [bigint, bigint] {
  const [first, second, ...more] = idsOf(directive)
  if (first === undefined || second === undefined || more.length > 0) {
    throw new Error(`${directive.command}: must name exactly two nodes`)
  }
  return [first, second]
}

/** The id that `key=` gives. */
export function idOfKey(directive: Directive, key: string): bigint {
  const value = valuesOf(directive, key)?.[0]
  if (value === undefined) throw new Error(`${directive.command}: ${key}= is missing`)
  return parseId(value)
}

export function parseId(word: string): bigint {
  if (!/^\d+$/.test(word)) throw new Error(`no id: ${word}`)
  return BigInt(word)
}

export function parseCount(word: string | undefined): number {
  if (word === undefined || !/^\d+$/.test(word)) throw new Error(`no number: ${word}`)
  return Number(word)
}

export function parseFlag(word: string): boolean {
  if (word !== 'true' && word !== 'false') throw new Error(`neither true nor false: ${word}`)
  return word === 'true'
}

/** The bytes of a word in ASCII. */
export function bytesOf(word: string): Uint8Array {
  if (/[^ -~]/.test(word)) throw new Error(`not ASCII: ${word}`)
  return Uint8Array.from(word, char => char.charCodeAt(0))
}

/** The type that `type=` names; undefined: any. */
export function typeOf(directive: Directive): MessageType | undefined {
  const name = valuesOf(directive, 'type')?.[0]
  if (name === undefined) return undefined
  const type = Object.entries(MessageType).find(([known]) => known === name)?.[1]
  if (type === undefined) throw new Error(`unknown message type ${name}`)
  return type
}
