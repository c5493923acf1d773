/** How a process must end whose disk has failed: one line that says so, and a bad status. */
import { describeEnd, type ServerEnd, type ServerProcess } from './server-process.ts'

/** Returns what is wrong with the end of `server`. */
export function judgeLastWords(server: ServerProcess, end: ServerEnd): string | undefined {
  const { said } = server
  // LMDB says for itself which write failed, and may have damaged memory: the process then ends by a signal of its own.
  const isOfLmdb = said.includes('LMDB status')
  const lines = said
    .split('\n')
    .filter(line => line !== '' && !/"level":"(warn|info)"/.test(line))
    .filter(line => !isOfLmdb || !/^(Write error: |mdb_)/.test(line))
  const isOrderly = isOfLmdb ? end.signal === 'SIGKILL' : end.status === 1
  if (!isOrderly || lines.length !== 1) return `the process ended with ${describeEnd(end)} and said:\n${said}`
  const saysWhat = /I\/O|EIO|ENOSPC|EROFS|space|read-only/i.test(lines[0] ?? '')
  return saysWhat ? undefined : `the process does not say what happened: ${lines[0]}`
}
