/** How a process must end whose disk has failed: one line that says so, and a bad status. */
import { describeEnd, type ServerEnd, type ServerProcess } from './server-process.ts'

/** What is wrong with the end of a server, if anything, and whether it was LMDB that brought the process down. */
export interface LastWords {
  readonly problem: string | undefined
  readonly isOfLmdb: boolean
}

/**
 * When a write of its fails, lmdb 3.5.6 says so on standard error, and then writes past the end of a block of memory. So a
 * server that serves ends by SIGKILL when its disk fails, as soon as it has said its line; now and then the damage brings it
 * down before that, and LMDB's own words, which name error and place, are the last.
 */
export function judgeLastWords(server: ServerProcess, end: ServerEnd): LastWords {
  const { said } = server
  const isOfLmdb = /^Write error: .+ position \d+/m.test(said)
  const lines = said
    .split('\n')
    .filter(line => line !== '' && !/"level":"(warn|info)"/.test(line))
    .filter(line => !isOfLmdb || /^(\{|kvs: )/.test(line))
  const wrong = `the process ended with ${describeEnd(end)} and said:\n${said}`
  if (isOfLmdb && lines.length === 0) {
    const isBroughtDown = end.signal === 'SIGABRT' || end.signal === 'SIGSEGV'
    return { problem: isBroughtDown ? undefined : wrong, isOfLmdb: true }
  }
  // A start that fails is refused in order, unless it was LMDB that failed.
  const isOrderly = end.signal === 'SIGKILL' || (end.status === 1 && lines[0]?.startsWith('kvs: '))
  if (!isOrderly || lines.length !== 1) return { problem: wrong, isOfLmdb: false }
  const saysWhat = /I\/O|EIO|ENOSPC|EROFS|space|read-only|write to the disk failed/i.test(lines[0] ?? '')
  return { problem: saysWhat ? undefined : `the process does not say what happened: ${lines[0]}`, isOfLmdb: false }
}
