/** Arguments that several commands take. */
import { toText } from '@kvs/client'
import { CtlError } from '../errors.ts'
import { parseHexInt64, parseHexUint64 } from '../go-text.ts'

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs a parser; its complaint becomes a bad argument. */
function checked<T>(parse: () => T, complaint: (reason: string) => string): T {
  try {
    return parse()
  } catch (error) {
    throw new CtlError('badArguments', complaint(reasonOf(error)))
  }
}

export const leaseArgument = (text: string): bigint =>
  checked(
    () => parseHexInt64(text),
    reason => `bad lease ID arg (${reason}), expecting ID in Hex`,
  )

export const leaseFlag = (text: string): bigint =>
  checked(
    () => parseHexInt64(text),
    reason => `bad lease ID (${reason}), expecting ID in Hex`,
  )

export const memberArgument = (text: string): bigint =>
  checked(
    () => parseHexUint64(text),
    reason => `bad member ID arg (${reason}), expecting ID in Hex`,
  )

export const idArgument = (text: string): bigint =>
  checked(
    () => parseHexUint64(text),
    reason => reason,
  )

/** The last argument as text, or all of standard input. */
export function textOrInput(
  argument: string | undefined,
  input: () => Promise<Uint8Array>,
): Promise<Uint8Array | string> {
  return argument === undefined ? input() : Promise.resolve(argument)
}

/** The first line of the input, for passwords that a script hands over. */
export async function firstLine(input: () => Promise<Uint8Array>): Promise<string> {
  return toText(await input()).split(/\r?\n/)[0] ?? ''
}

/** Exactly `count` arguments. */
export function expectCount(args: readonly string[], count: number, complaint: string): void {
  if (args.length !== count) throw new CtlError('badArguments', complaint)
}
