// @ts-check
// Generated code is never edited: what the generator writes today must equal what is there.
import { join } from 'node:path'
import { runCommand } from '../run/command.mjs'
import { isFile } from '../workspace/packages.mjs'

/** @type {import('./problem.mjs').Check} */
export const generated = {
  name: 'generated',
  rule: 'packages/proto/src/gen equals what tools/protogen writes',
  async run(root) {
    const generator = join('tools', 'protogen', 'main.mjs')
    if (!isFile(join(root, generator))) return []
    const { status, stdout, stderr } = await runCommand(process.execPath, [generator, '--verify'], { cwd: root })
    if (status === 0) return []
    const differing = stderr.split('\n').flatMap(line => {
      const match = /^(src\/gen\/\S+) (differs.*)$/.exec(line)
      return match === null ? [] : [{ file: `packages/proto/${match[1]}`, message: `generated: ${match[2]}` }]
    })
    if (differing.length > 0) return differing
    return [{ file: generator, message: `generated: ended with status ${status}: ${(stderr || stdout).trim()}` }]
  },
}
