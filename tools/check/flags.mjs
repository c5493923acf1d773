// @ts-check
// docs/flags.md is true: every flag has its row, and the files that it names speak of the flag.
import { join } from 'node:path'
import { runCommand } from '../run/command.mjs'
import { isFile } from '../workspace/packages.mjs'

/** @type {import('./problem.mjs').Check} */
export const flags = {
  name: 'flags',
  rule: 'docs/flags.md says of every flag what it is, where it takes effect and what shows that',
  async run(root) {
    const tool = join('tools', 'flags', 'main.mjs')
    if (!isFile(join(root, tool))) return []
    const { status, stdout, stderr } = await runCommand(process.execPath, [tool, '--verify'], { cwd: root })
    if (status === 0) return []
    const found = stderr.split('\n').flatMap(line => {
      const message = /^docs\/flags\.md: (.*)$/.exec(line)?.[1]
      return message === undefined ? [] : [{ file: 'docs/flags.md', message }]
    })
    return found.length > 0
      ? found
      : [{ file: tool, message: `ended with status ${status}: ${(stderr || stdout).trim()}` }]
  },
}
