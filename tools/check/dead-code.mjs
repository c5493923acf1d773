// @ts-check
// Unused files, exports and dependencies, by knip. What counts as an entry stands in knip.json.
import { localProgram, runCommand } from '../run/command.mjs'

/** Kinds of finding, with the words for people. */
const kinds = {
  files: 'nobody imports this file',
  exports: 'nobody imports this export:',
  types: 'nobody imports this type:',
  duplicates: 'exported twice:',
  dependencies: 'unused dependency:',
  devDependencies: 'unused development dependency:',
  optionalPeerDependencies: 'optional peer dependency that nothing refers to:',
  unlisted: 'not listed in package.json:',
  unresolved: 'does not resolve:',
  binaries: 'program without a dependency:',
}

/**
 * @typedef {{ name: string, line?: number }} Finding
 * @typedef {{ file: string } & Record<string, Array<Finding | Finding[]>>} Issue of knip's JSON report
 */

/** @type {import('./problem.mjs').Check} */
export const deadCode = {
  name: 'dead-code',
  rule: 'knip finds no unused file, export or dependency',
  async run(root) {
    const args = ['--reporter', 'json', '--no-progress', '--no-config-hints', '--directory', root]
    const { status, stdout, stderr } = await runCommand(localProgram('knip'), args, { cwd: root })
    /** @type {Issue[]} */
    let issues
    try {
      issues = JSON.parse(stdout).issues
    } catch {
      return [{ file: 'knip.json', message: `knip ended with status ${status}: ${(stdout + stderr).trim()}` }]
    }
    return issues.flatMap(issue =>
      Object.entries(kinds).flatMap(([kind, words]) =>
        (issue[kind] ?? []).flat().map(({ name, line }) => ({
          file: issue.file,
          ...(line === undefined ? {} : { line }),
          message: kind === 'files' ? words : `${words} ${name}`,
        })),
      ),
    )
  },
}
